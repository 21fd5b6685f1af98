"""What the steps of all sciences share: configuration, samplers, leases on a cell, second moments
and spectra of cells, tables, progress and signals.
"""
