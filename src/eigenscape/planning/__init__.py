"""Decisions that are made before anything runs: cells and their batches, memory, ranks and solvers.
The Snakefile reads this package, so it imports nothing heavy.

===================  ==========================================================
`work`               counts of one piece of work, by kind
`machine`            how much of each kind a machine does in a second, with the source of every
                     number
`cells`              the work of one cell: second moment, bracket, spectrum
`communication`      messages and bytes between ranks, and which way to share a second moment
`model_constrained`  the work of model-constrained cases
`sloppiness`         ranks and memory of the joint embedding
`large`              networks whose C does not fit: which route, and what it holds
`memory`             what each stage holds at its peak
`batches`            cells grouped into jobs, and whether they fit this machine
`solver_choice`      on how many ranks an eigensolve runs
===================  ==========================================================
"""
