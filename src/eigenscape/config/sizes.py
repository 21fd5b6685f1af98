"""Sizes that computations and their plans share.

A plan is read before anything runs, and may not import kernels or torch to learn how much a stage
takes at once; so these numbers stand below both.
"""

SLOTS = 16
"""Number of leaves of the summation tree of one second moment, hence also the most ranks that share
a cell. 16 keeps the partial sums few (each is P^2/2 numbers) and serves up to 16 ranks; part of the
identity of a result."""

BLOCK = 256
"""Number of samples per rank-k update. 256 rows keep the update at its peak rate while a block of
gradients (B P numbers) stays small; part of the identity of a result."""

NUMBERS_PER_BATCH = 2**21
"""Number of gradient entries of a batch that stays in cache (16 MB), in the projection and in other
second moments."""

TORCH_CHUNK = 192
"""Largest number of gradients that torch computes at a time on the CPU: starting `vmap` costs some
milliseconds whatever their number, and a slot of a small cell (some 150 samples) is then done at
once."""

HELD_NODES = 5
"""Largest number of nodes that a rank holds while it walks the 16 slots in order: log2(16) of the
tree and the current one."""

TWO_STAGE_FROM = 2000
"""Number of rows from which eigenvalues are computed in two stages: half of a smaller matrix fits
in a third-level cache of 16 MB."""

LARGEST_WITH_VECTORS = 23_169, 46_340
"""Largest numbers of gradients and of parameters for which LAPACK counts the work space of
eigenvectors from the gradients in 32 bits."""

PERMUTATIONS = 999
"""Number of permutations of a test, and of resampled orders of eigenvectors: with the observed one
1,000 in all, so that p-values are multiples of 0.001."""

JACKKNIFE_GROUPS = 8
"""Number of groups of samples that the headline's jackknife deletes in turn. Each costs an
eigensolve and half of C in memory; eight give a standard error that is itself good to a quarter."""

LANCZOS_STEPS = 24
"""Number of Hessian-vector products behind a step by curvature."""

TRAINING_STARTS = 12
"""R, the number of starting points of a trained network: the interval of a median then spans a
factor of 2 to 3 in steps, small against the factor of 40 between networks, and the whole sub-grid
takes less than a minute on one core."""

MOST_TRAINING_STEPS = 3000
"""Number of steps after which a starting point is given up: enough for most starting points of
nearly every network to arrive with the best step size, at a threshold of 0.1."""

TRAINING_STEP_GRID = (10**-0.5, 1e-1, 10**-1.5, 1e-2, 10**-2.5, 1e-3, 10**-3.5)
"""Step sizes of the search: the largest diverges for all but the smallest networks, and no network
of the sub-grid prefers the smallest. Within a ratio of sqrt(10) the best is at most a factor of
10^(1/4) = 1.8 away."""

POLYAK_STEP_GRID = tuple(4.0**power for power in range(-5, 2))
"""Step sizes of gradient descent on losses with a model, as multiples of Polyak's step at the
start. In the default cases the best one is not at either end for any alpha."""

DIGIT_CLASSES, DIGIT_PIXELS, TRAINED_DIGITS = 10, 64, 1347
"""Numbers of classes, pixels and training images of scikit-learn's digits. A plan reads no files
and assumes that a user's own data have the same size."""

GRAPH_BATCH = 64
"""Number of inputs per training step of networks whose layers become graphs: about twenty steps an
epoch of the digits."""

CURVE_BATCH = 128
"""Number of images per training step of networks that curves pass through: ten steps an epoch of
the digits, and a size at which the source's optimiser is at home."""
