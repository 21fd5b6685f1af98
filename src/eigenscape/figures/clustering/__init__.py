"""Figures of graphs of layers."""
