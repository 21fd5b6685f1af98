"""Figures of spectra, condition numbers and importances."""
