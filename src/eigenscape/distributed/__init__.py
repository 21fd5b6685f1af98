"""Ranks, sums across them, and eigensolves over them. Only this package imports mpi4py.

===================  ==========================================================
`ranks`              the ranks of a run and their messages; also a run without MPI
`agreement`          failing together
`watchdog`           a run that hangs ends, and says where
`devices`            one GPU a rank
`reduction`          partial sums of all ranks to finished bands of columns
`block_cyclic`       who holds which entry of a distributed matrix
`scalapack_library`  finding and loading a ScaLAPACK library
`scalapack`          calling it
`eigensolver`        the spectrum of a matrix that no rank holds whole
`self_expression`    columns of a sparse self-expression, shared among the ranks
`peak_memory`        what a rank needs for that
`probe`              what ranks see of each other, for `eigenscape doctor`
===================  ==========================================================
"""
