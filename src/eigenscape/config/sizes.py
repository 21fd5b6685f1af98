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
