"""Figures for papers: tables and dataclasses in, `matplotlib.figure.Figure` out, and one way to
save them (`style.save`).

A folder a science; each file draws one figure or a few that belong together. Nothing here computes
science, opens a store or knows of ranks. Nothing is imported here either: a figure should load what
it needs itself and not what the others need.
"""
