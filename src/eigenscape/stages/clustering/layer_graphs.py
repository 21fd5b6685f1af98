"""From a layer's activations to its graph, by the method that the configuration names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eigenscape.clustering.gram import Columns, unit_columns
from eigenscape.clustering.graphs import AffinityGraph, Normalisation, affinity_graph
from eigenscape.clustering.least_squares import (
    least_squares_without_diagonal,
    low_rank,
    shape_interaction,
)
from eigenscape.clustering.sparse import Penalty, Verdict, sparse_self_expression, verdict_of
from eigenscape.config.clustering import SelfExpressionSection


@dataclass(frozen=True)
class LayerGraph:
    """A layer's graph, or None where there is no subspace structure, and what is known of it.

    Attributes:
        graph: edges between inputs.
        facts: of the self-expression, as columns of the table.
    """

    graph: AffinityGraph | None
    facts: dict[str, Any]


def layer_graph(activations: np.ndarray, section: SelfExpressionSection) -> LayerGraph:
    """The graph of one layer's activations (N, ...).

    Example:
        >>> x = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
        >>> found = layer_graph(x, SelfExpressionSection())
        >>> found.graph.components, found.facts["verdict"]
        (2, 'the inputs express each other')
    """
    matrix, alive = unit_columns(activations)
    columns = Columns.of(matrix)
    if section.method == "sparse":
        penalty = Penalty(
            section.alpha, tau=section.tau, outliers=section.outliers, affine=section.affine
        )
        found = sparse_self_expression(columns, penalty, tolerance=section.tolerance)
        c, verdict, residual = found.coefficients, found.verdict, found.residual
        proof = {
            "relative_gap": float(found.certificate.relative_gap.max()),
            "kkt_violation": float(found.certificate.kkt.max()),
        }
    else:
        c = closed_form(columns, section)
        residual = float(
            np.linalg.norm(matrix - matrix @ c) / max(np.linalg.norm(matrix), np.finfo(float).tiny)
        )
        verdict, proof = (
            verdict_of(residual, converged=True),
            {"relative_gap": 0.0, "kkt_violation": 0.0},
        )
    facts = {"verdict": verdict.value, "residual": residual, "silent": int((~alive).sum())} | proof
    facts |= {"neighbours": float((c - np.diag(np.diag(c)) != 0).sum() / len(c))}
    if verdict is Verdict.NO_STRUCTURE:
        return LayerGraph(None, facts | {"components": None, "isolated": None})
    graph = affinity_graph(
        c, Normalisation(section.normalisation), strongest=section.strongest, mass=section.mass
    )
    return LayerGraph(
        graph, facts | {"components": graph.components, "isolated": int(graph.isolated.sum())}
    )


def closed_form(columns: Columns, section: SelfExpressionSection) -> np.ndarray:
    """C (N, N) of the methods without iteration; penalties are relative to the largest singular
    value s_1.

    least_squares: lambda = s_1^2 / alpha. low_rank: tau = alpha / s_1^2, so that directions with s
    > s_1 / sqrt(alpha) stay.
    """
    scale = float(columns.singular_values[0]) ** 2 if len(columns.singular_values) else 1.0
    if section.method == "least_squares":
        return least_squares_without_diagonal(columns, scale / section.alpha)
    if section.method == "low_rank":
        return low_rank(columns, section.alpha / scale)
    return shape_interaction(columns, section.rank)
