"""Subspace clustering of the activations in the layers of a network.

===============  ==============================================================================
`gram`           columns of unit length, and the one decomposition that serves every penalty
`sparse`         sparse self-expression: lasso and elastic net, outliers, affine subspaces; its
                 penalties and blocks
`active_set`     exact solutions of lasso and elastic net over a shared Gram matrix, in compiled
                 code
`admm`           the rest, to a tolerance; on the host or a device
`optimality`     duality gap and KKT violation of a sparse solution
`least_squares`  LSR with and without a diagonal, and low-rank forms, in closed form
`graphs`         affinity graphs, their components, spectral clustering
`modularity`     how much a graph knows of labels: modularity, its null, same-class mass, purity
`similarity`     CKA of graphs and of activations, cosine
`spectral`       the filter of the spectrum that tells linear CKA from subspace overlap
`blocks`         blocks of mutually similar layers
`training`       training of replicas of networks, and their activations at given epochs
===============  ==============================================================================

The idea and the questions are those of Saini, Devineni, Papalexakis, ECML-PKDD 2021, arXiv
2107.01296; the objective, its penalties and the protocol are this project's formulation. Functions
take and return numpy arrays (torch is used inside `training`); this package does not depend on
files of a study, ranks or the workflow.
"""
