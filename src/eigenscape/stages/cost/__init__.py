"""What a study costs: counted work, machines that do it, and the seconds that follow.

`work`            counts of one piece of work, by kind
`machine`         how much of each kind a machine does in a second, with the source of every number
`communication`   messages and bytes between ranks, and which way to share a second moment
`cells`           the work of one cell: second moment, bracket, spectrum
`jobs`            the work of every job of the workflow, and what it waits for
`memory`          what each stage holds at its peak
`schedule`        jobs dealt to cores: the time that everything takes
`measuring`       the rates of this machine, in about a second
`devices`         cells on many GPUs, on paper
`report`          all of it as text
"""
