"""Figures for papers: tables and dataclasses in, `matplotlib.figure.Figure` out, and one way to save them.

Nothing here computes science, opens a store or knows of ranks; each file draws one figure.
"""

from eigenscape.figures.condition_number import condition_number_figure as condition_number_figure
from eigenscape.figures.eigenvalues import eigenvalues_figure as eigenvalues_figure
from eigenscape.figures.eigenvectors import eigenvectors_figure as eigenvectors_figure
from eigenscape.figures.layer_importance import layer_importance_figure as layer_importance_figure
from eigenscape.figures.parameter_count import parameter_count_figure as parameter_count_figure
from eigenscape.figures.style import save as save
