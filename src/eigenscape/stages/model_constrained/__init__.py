"""Steps of networks with a model's equations in their loss."""
