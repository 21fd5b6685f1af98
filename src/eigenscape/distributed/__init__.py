"""Ranks, and sums across them. The only importers of mpi4py.

============  ==========================================================
`ranks`       who am I among how many; messages; a run without MPI too
`devices`     one GPU a rank
`reduction`   partial sums of all ranks to finished bands of columns
`probe`       what ranks see of each other, for `eigenscape doctor`
============  ==========================================================
"""
