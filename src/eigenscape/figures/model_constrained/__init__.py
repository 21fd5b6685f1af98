"""Figures of networks with a model in their loss."""
