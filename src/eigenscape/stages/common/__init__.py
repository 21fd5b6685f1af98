"""What the steps of all sciences share: configuration, samplers, claims on a cell, tables, progress
and signals.
"""
