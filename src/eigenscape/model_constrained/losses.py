"""Losses of model-constrained networks, for networks that are functions of torch tensors.

=========  ====================================================================================
nDNN       1/(2n) sum_i |Psi(y_i) - u_i|^2_G
mcDNN      nDNN + alpha/(2n) sum_i |y_i - G(Psi(y_i))|^2_L
TNet       1/(2n) sum_i |Psi(y_i) - u_0|^2_G + alpha/(2n) sum_i |G(Psi(y_i)) - y_i|^2_L: no
           true u is needed
TAEN       TNet of the encoder e + 1/(2n) sum_i |d(e(y_i)) - G(e(y_i))|^2_L of the decoder d
mcTangent  see `mc_tangent`
=========  ====================================================================================

nDNN is `mc_dnn` at alpha = 0, TNet is `mc_dnn` of u_0, and TAEN is trained in two steps, as in its
paper: TNet's first, and then the decoder's term.

|r|^2_W = r^T W r with W = 1/w for a number w (a variance), or a matrix. Sources: phogroup's pages
on model-constrained networks; TNet, arXiv 2105.12033; mcTangent, arXiv 2208.04995; TAEN, arXiv
2412.07010. The factor 1/n, which the papers do not write, does not change any optimum and makes
losses of different n comparable.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

Map = Callable[[torch.Tensor], torch.Tensor]
"""A map (..., in) -> (..., out)."""

Precision = torch.Tensor | float
"""The matrix W of |r|^2_W, or a number that multiplies the identity."""


def half_mean_square(residual: torch.Tensor, precision: Precision = 1.0) -> torch.Tensor:
    """Return 1/(2n) sum_i r_i^T W r_i for residuals (n, m).

    Example:
        >>> float(half_mean_square(torch.tensor([[2.0, 0.0], [0.0, 4.0]])))
        5.0
    """
    weighted = residual @ precision if isinstance(precision, torch.Tensor) else residual * precision
    return (weighted * residual).sum() / (2 * residual.shape[0])


def mc_dnn(
    network: Map,
    u: torch.Tensor,
    y: torch.Tensor,
    forward: Map,
    alpha: float,
    u_precision: Precision = 1.0,
    y_precision: Precision = 1.0,
) -> torch.Tensor:
    """Return the loss of data and model: the prediction of the network must explain its input;
    alpha = 0 is nDNN.
    """
    prediction = network(y)
    of_data = half_mean_square(prediction - u, u_precision)
    return (
        of_data + alpha * half_mean_square(forward(prediction) - y, y_precision)
        if alpha
        else of_data
    )


def mc_tangent(
    network: Map,
    states: torch.Tensor,
    step: Map,
    time_step: float,
    alpha: float,
    model_steps: int = 1,
    precision: Precision = 1.0,
    noise: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the loss of a network that learns the tangent.

    With v_0 = u_0 (+ noise) and v_{s+1} = v_s + dt Psi(v_s), the loss is

        sum_{s=1..S} 1/(2n) |v_s - u_s|^2_W + alpha sum_{s=0..R-1} 1/(2n) |v_{s+1} - F(v_s)|^2_W,

    where steps beyond S continue from the network's own states.

    Args:
        network: Psi, states (n, m) -> tangents (n, m).
        states: u_0 ... u_S, (n, S + 1, m).
        step: F, one step of the discretised equation.
        time_step: dt.
        alpha: weight of the model.
        model_steps: R.
        precision: W.
        noise: noise that is added to u_0, (n, m): the paper's randomisation of data.
    """
    learned = states.shape[-2] - 1
    state = states[:, 0] if noise is None else states[:, 0] + noise
    loss = torch.zeros((), dtype=states.dtype, device=states.device)
    for number in range(max(learned, model_steps)):
        following = state + time_step * network(state)
        if number < learned:
            loss = loss + half_mean_square(following - states[:, number + 1], precision)
        if alpha and number < model_steps:
            loss = loss + alpha * half_mean_square(following - step(state), precision)
        state = following
    return loss
