"""Forecasts of the run time of a study, from counted work and the rates of a machine. No decision
depends on them.

===================  ==========================================================
`jobs`               the work of every job of the workflow, and what it waits for
`expressivity`       the work of each companion science
`clustering`
`sloppiness`
`sloppiness_theory`
`schedule`           jobs scheduled on cores: the time that everything takes
`measuring`          the rates of this machine, in about a second
`devices`            cells on many GPUs, on paper
`report`             all of it as text
===================  ==========================================================
"""
