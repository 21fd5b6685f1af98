"""What the steps of all sciences share: configuration, samplers, claims on a cell, second moments
and spectra of cells, tables, progress and signals.
"""
