"""The steps of the workflow, one file a rule: science, ranks and store joined into something resumable.

======================  ========================================================
`configure`             read, merge and check configuration files
`planning`              what a study costs, before it runs
`second_moment`         gradients of one cell over all ranks, reduced into C
`spectrum`              the spectrum of one cell
`cells`                 both, for many small cells in one process
`growth`                cells whose N grows until their bracket is narrow
`large`                 networks whose C does not fit
`large_operator`        C as an operator over all ranks
`projection`            symmetry-projected spectra of all networks
`importance`            which layers matter; the sweep through criticality
`training`              steps of gradient descent over a sub-grid
`expressivity`          lengths of curves in random and trained networks
`clustering`            graphs of what the layers of trained networks hold
`findings`              the published findings, judged
`condition_numbers`     all cells into one labelled table
`tables`                tables as files
`doctor`                does this machine or cluster do what runs rely on?
`draw`                  tables and spectra into figure files
`progress`              one line with rate and time left
======================  ========================================================
"""
