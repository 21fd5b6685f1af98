"""``python -m eigenscape``; under MPI, ``python -m mpi4py -m eigenscape``."""

from eigenscape.cli import main

main()
