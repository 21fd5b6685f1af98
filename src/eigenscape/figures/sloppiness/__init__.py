"""Figures of training trajectories."""
