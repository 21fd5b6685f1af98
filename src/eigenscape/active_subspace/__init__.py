"""The active subspace of the loss in parameter space: ``C = E[grad L grad L^T]`` and its spectrum.

================  ======================================================================
`tree`            the fixed tree over which partial sums are added, whatever the ranks
`triangle`        the lower triangle of C as column strips, and its rank-k update
`second_moment`   gradients of a range of samples, reduced to a partial sum
`eigensolvers`    the fastest accurate dense solvers at hand
`spectrum`        eigenvalues with rank, status and floor; the graded route
`importance`      what each layer carries
`sampling_noise`  the spectrum that finite sampling alone would give
================  ======================================================================
"""
