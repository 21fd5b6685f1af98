"""Figures of curves through networks."""
