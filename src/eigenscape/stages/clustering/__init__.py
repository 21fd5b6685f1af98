"""Steps of subspace clustering of activations."""
