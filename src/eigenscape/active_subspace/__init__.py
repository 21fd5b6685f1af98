"""The active subspace of the loss in parameter space: ``C = E[grad L grad L^T]`` and its spectrum.

=====================  ======================================================================
`tree`                 the fixed tree over which partial sums are added, whatever the ranks
`triangle`             the lower triangle of C as column strips, and its rank-k update
`second_moment`        gradients of a range of samples, reduced to a partial sum
`other_moments`        per-datum, centred, Gauss-Newton and local second moments
`tangent_kernel`       the Gram matrix of the network's outputs, and its spectrum
`eigensolvers`         the fastest accurate dense solvers at hand
`two_stage`            values by a reduction in two stages, for large matrices
`tridiagonal`          values and vectors by the steps of divide and conquer
`spectrum`             eigenvalues with rank, status and floor
`graded`               factors that keep the grading of C, and when they are trusted
`condition`            the family of condition numbers
`bracket`              what a condition number from finitely many samples is worth
`bulk`                 the family with jackknife intervals, beside a random-sign null
`tiles`                gradients in tiles, computed again or kept, for P beyond C
`dual`                 the N x N Gram matrix and its spectrum
`matrix_free`          the largest eigenpairs without C, by block Krylov
`spectral_density`     stochastic Lanczos quadrature
`traces`               tr C, layer masses, tr C^2, without C
`sampling_noise`       the spectrum that finite sampling alone would give
`symmetry`             the projection of C onto its symmetries, O(P) a sample
`staircase`            the projected spectrum, with intervals
`bootstrap`            weights of replicates, and percentile intervals
`resampling`           bootstrap of spectra and subspaces
`subspaces`            ranges of eigenvalues and errors of subspaces, for a notebook
`dimension`            how many directions are active
`layer_statistics`     squared gradients by sample and layer
`importance`           what each layer carries
`layer_shares`         that with intervals: shares, slope over depth, trend
`importance_tests`     layers of eigenvectors against chance
`association`          rank correlations with intervals, contrasts at equal P
=====================  ======================================================================
"""
