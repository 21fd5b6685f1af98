"""Steps of the sloppiness of training trajectories: the ensemble, its embedding, and the linear
theory.
"""
