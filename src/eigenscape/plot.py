"""Figures on axes of your own: the functions that draw the workflow's figures, under the names that
a notebook wants.

Axes come first, nothing is saved, and no style is set: what you set in matplotlib holds. For the
look of the workflow's figures make them inside ``with plot.paper_style():``, and write PDF and PNG
with `save`.

=======================  =====================================================================
`eigenvalues`            lambda_i against i, beside sampling noise, the projected staircase,
                         the shoulder
`eigenvectors`           log10|W_ij| over parameters and eigenvectors
`eigenvector_masses`     the layers that each eigenvector lives in
`layer_shares`           each layer's share of tr C
`layer_importance`       the same per parameter
`layer_legend`           what the colours of both mean
`condition_number`       the map of a table over depth and width; returns the entries of its legend
`sufficient_summary`     f against one active variable, or over two in colour
`eigenvalue_ranges`      lambda_i with its range over bootstrap replicates
`subspace_errors`        how far the n leading eigenvectors turn between replicates
`dimension`              the number of active directions by each criterion
`criterion`              what one criterion compares, such as the curve of the ladle
`paper_style`, `save`    the look, and files
=======================  =====================================================================
"""

from eigenscape.figures.active_subspace.condition_number import (
    draw_condition_number as condition_number,
)
from eigenscape.figures.active_subspace.eigenvalues import draw_eigenvalues as eigenvalues
from eigenscape.figures.active_subspace.eigenvectors import (
    draw_eigenvector_masses as eigenvector_masses,
)
from eigenscape.figures.active_subspace.eigenvectors import draw_eigenvectors as eigenvectors
from eigenscape.figures.active_subspace.layer_importance import (
    draw_layer_importance as layer_importance,
)
from eigenscape.figures.active_subspace.layer_importance import draw_layer_shares as layer_shares
from eigenscape.figures.active_subspace.layer_importance import kind_handles as layer_legend
from eigenscape.figures.active_subspace.subspaces import draw_criterion as criterion
from eigenscape.figures.active_subspace.subspaces import draw_dimension as dimension
from eigenscape.figures.active_subspace.subspaces import (
    draw_eigenvalue_ranges as eigenvalue_ranges,
)
from eigenscape.figures.active_subspace.subspaces import draw_subspace_errors as subspace_errors
from eigenscape.figures.active_subspace.sufficient_summary import (
    draw_sufficient_summary as sufficient_summary,
)
from eigenscape.figures.style import paper_style, save

__all__ = [
    "eigenvalues",
    "eigenvectors",
    "eigenvector_masses",
    "layer_shares",
    "layer_importance",
    "layer_legend",
    "condition_number",
    "sufficient_summary",
    "eigenvalue_ranges",
    "subspace_errors",
    "dimension",
    "criterion",
    "paper_style",
    "save",
]
