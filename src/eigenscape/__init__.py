"""How hard a neural network is to train, and why.

The package is read from the bottom up: `architecture`, `seeding` and `study` are the vocabulary;
`networks` draws parameters and computes gradients; `active_subspace` reduces them into the second
moment ``C = E[grad L grad L^T]`` and reads its spectrum; `distributed`, `store` and `stages` make
of it a resumable batch pipeline; `figures` draws the results.
"""

__version__ = "0.1.0"
