"""Steps of trajectory-length expressivity."""
