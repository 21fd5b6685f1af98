"""Steps of the trunk: second moments, spectra, their projection, and what is read off them."""
