"""Heat conduction in a plate: the map from the coefficients of its log conductivity to temperatures
at some points.

    -div(exp(v) grad T) = 20 on the unit square,   T = 0 on the lower edge,   no flux on the others,

by bilinear finite elements on e x e squares, v constant on each. v = sum_j z_j sqrt(l_j) phi_j is a
Karhunen-Loeve field: eigenpairs of the covariance exp(-|dx|/l_x - |dy|/l_y) on the elements'
centres, cut off after m terms. The two lengths differ, so that no eigenvalue is double and no
eigenvector left to the linear algebra library.

On the CPU plates are solved one by one (`plate`). On other devices the stiffness matrix is treated
as block tridiagonal over the rows of nodes, and factored by batched Cholesky of these blocks. The
solution T = K(c)^-1 f has adjoint gradients: for a loss with gradient g in T, p = K^-1 g, and
dL/dc_e = -p_e^T K_0 T_e over the four nodes of an element, K_0 its stiffness at conductivity 1: one
more solve for all conductivities. The setting follows the available description of that of TNet
(arXiv 2105.12033).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy
import torch

from eigenscape.errors import BadInput
from eigenscape.model_constrained.plate import solve_plates

SOURCE = 20.0
"""Heat produced per area; dimensionless, like the temperatures."""

LENGTHS = (0.5, 0.35)
"""Correlation lengths of v along x and y: a few cells of any grid that is used, and different."""

STIFFNESS = (
    np.array(
        [
            [4.0, -1.0, -2.0, -1.0],
            [-1.0, 4.0, -1.0, -2.0],
            [-2.0, -1.0, 4.0, -1.0],
            [-1.0, -2.0, -1.0, 4.0],
        ]
    )
    / 6.0
)
"""K_0 of a bilinear square, of any size in two dimensions; nodes anticlockwise from the lower
left."""

SYSTEMS = 512
"""Number of systems that are solved at a time: the blocks of a 16 x 16 plate then take 20 MB, and
memory does not grow with the number of samples."""


@dataclass(frozen=True)
class Heat:
    """The map z (..., m) -> temperatures (..., q).

    Attributes:
        elements: e, squares along each side.
        modes: m, terms of the Karhunen-Loeve field.
        observed: q, number of observation points, the first ones of a Halton sequence, so that
            larger sets contain smaller ones.

    Raises:
        BadInput: there are more modes than elements.

    Example:
        >>> plate = Heat(elements=4, modes=3, observed=2)
        >>> plate(torch.zeros(5, 3, dtype=torch.float64)).shape
        torch.Size([5, 2])
    """

    elements: int = 16
    modes: int = 15
    observed: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.modes <= self.elements**2:
            expected = f"a whole number from 1 to elements^2 = {self.elements**2}"
            raise BadInput.field(
                "modes", expected, str(self.modes), "write modes: 15, or take more elements"
            )

    @property
    def unknowns(self) -> int:
        """The number of unknowns, m."""
        return self.modes

    @property
    def observations(self) -> int:
        """The number of observations, q."""
        return self.observed

    @cached_property
    def field(self) -> np.ndarray:
        """sqrt(l_j) phi_j on the elements, (m, e, e), row by row from the lower edge."""
        centres = (np.arange(self.elements) + 0.5) / self.elements
        axes = [_modes_of_axis(centres, length) for length in LENGTHS]
        values = np.outer(axes[1][0], axes[0][0])  # [mode along y, mode along x]
        order = np.argsort(-values.ravel(), kind="stable")[: self.modes]
        rows, columns = np.unravel_index(order, values.shape)
        along_y, along_x = axes[1][1][:, rows], axes[0][1][:, columns]
        return np.asarray(
            np.sqrt(values.ravel()[order])[:, None, None]
            * np.einsum("yj,xj->jyx", along_y, along_x)
        )

    @cached_property
    def observation(self) -> np.ndarray:
        """Bilinear interpolation from the free nodes (e (e + 1),) to the points, (q, e (e + 1))."""
        points = (
            scipy.stats.qmc.Halton(2, scramble=False).random(self.observed + 1)[1:] * self.elements
        )
        nodes = np.arange(self.elements + 1)
        hat_x, hat_y = (np.maximum(1 - np.abs(points[:, axis, None] - nodes), 0) for axis in (0, 1))
        weights = np.einsum("qy,qx->qyx", hat_y, hat_x)[:, 1:]  # the lower edge is at 0
        return np.asarray(weights.reshape(self.observed, -1))

    @cached_property
    def load(self) -> np.ndarray:
        """Load f on the free nodes, (e, e + 1): a quarter of each neighbouring square's heat."""
        squares = np.zeros((self.elements + 2, self.elements + 2))
        squares[1:-1, 1:-1] = SOURCE / (4 * self.elements**2)
        return np.asarray(
            squares[1:, 1:] + squares[1:, :-1] + squares[:-1, 1:] + squares[:-1, :-1]
        )[1:]

    def conductivity(self, z: torch.Tensor) -> torch.Tensor:
        """Return exp(v) on the elements, (..., e, e)."""
        field = torch.as_tensor(self.field, dtype=z.dtype, device=z.device)
        return torch.exp(
            (z @ field.reshape(self.modes, -1)).reshape(*z.shape[:-1], self.elements, self.elements)
        )

    def temperature(self, z: torch.Tensor) -> torch.Tensor:
        """Return T on the free nodes, (..., e, e + 1), row by row from the first above the lower
        edge.
        """
        conductivity = self.conductivity(z)
        load = torch.as_tensor(self.load, dtype=z.dtype, device=z.device)
        return conduct(conductivity, load.expand(*conductivity.shape[:-2], *load.shape))

    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        """Return the temperatures at the observation points."""
        observation = torch.as_tensor(self.observation, dtype=z.dtype, device=z.device)
        return self.temperature(z).flatten(-2) @ observation.T


def _modes_of_axis(centres: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenpairs of exp(-|dx|/length) in one direction, descending, phi normalised to
    mean square 1, its largest entry positive.
    """
    covariance = np.exp(-np.abs(centres[:, None] - centres) / length) / len(centres)
    values, vectors = np.linalg.eigh(covariance)
    vectors = vectors[:, ::-1] * np.sqrt(len(centres))
    # The first entry of these modes is far from 0, while their largest may occur twice.
    return values[::-1], vectors * np.sign(vectors[0])


def conduct(conductivity: torch.Tensor, load: torch.Tensor) -> torch.Tensor:
    """Return T = K(c)^-1 f, (..., e, e + 1), for conductivities c (..., e, e) and loads f (..., e,
    e + 1); differentiable to any order.

    Example:
        >>> c = torch.ones(2, 2, dtype=torch.float64)
        >>> # a unit flux through the upper edge
        >>> f = torch.tensor([[0.0, 0.0, 0.0], [0.25, 0.5, 0.25]], dtype=torch.float64)
        >>> [[round(float(t), 9) for t in row] for row in conduct(c, f)]
        [[0.5, 0.5, 0.5], [1.0, 1.0, 1.0]]
    """
    return torch.as_tensor(_Conduct.apply(conductivity, load))  # type: ignore[no-untyped-call]


class _Conduct(torch.autograd.Function):
    """The solve with its adjoint; `backward` and `jvp` consist of solves, so that they can be
    differentiated again.
    """

    @staticmethod
    def forward(conductivity: torch.Tensor, load: torch.Tensor) -> torch.Tensor:
        plates = (
            conductivity.detach().reshape(-1, *conductivity.shape[-2:]),
            load.detach().reshape(-1, *load.shape[-2:]),
        )
        if load.device.type == "cpu":
            return solve_one_by_one(*plates).reshape(load.shape)
        return torch.cat(
            [
                solve_in_blocks(*part)
                for part in zip(*(torch.split(p, SYSTEMS) for p in plates), strict=True)
            ]
        ).reshape(load.shape)

    @staticmethod
    def setup_context(
        ctx: Any, inputs: tuple[torch.Tensor, torch.Tensor], output: torch.Tensor
    ) -> None:
        ctx.save_for_backward(inputs[0], output)
        ctx.save_for_forward(inputs[0], output)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        conductivity, temperature = ctx.saved_tensors
        adjoint = conduct(conductivity, gradients[0])
        return -_element_products(adjoint, temperature), adjoint

    @staticmethod
    def jvp(ctx: Any, *tangents: torch.Tensor) -> torch.Tensor:
        conductivity, temperature = ctx.saved_tensors
        change = -_stiffness_times(tangents[0], temperature)
        return conduct(conductivity, change if tangents[1] is None else change + tangents[1])

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, int | None],
        conductivity: torch.Tensor,
        load: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        moved = [
            tensor.expand(info.batch_size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
            for tensor, dim in zip((conductivity, load), in_dims, strict=True)
        ]
        return conduct(*moved), 0


def _corners(nodes: torch.Tensor) -> torch.Tensor:
    """Return the values at the four corners of every element, (..., e, e, 4), from the free nodes
    (..., e, e + 1).
    """
    padded = torch.cat([torch.zeros_like(nodes[..., :1, :]), nodes], dim=-2)
    return torch.stack(
        [padded[..., :-1, :-1], padded[..., :-1, 1:], padded[..., 1:, 1:], padded[..., 1:, :-1]],
        dim=-1,
    )


def _element_products(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return left_e^T K_0 right_e of every element, (..., e, e)."""
    stiffness = torch.as_tensor(STIFFNESS, dtype=left.dtype, device=left.device)
    return ((_corners(left) @ stiffness) * _corners(right)).sum(dim=-1)


def _stiffness_times(conductivity: torch.Tensor, nodes: torch.Tensor) -> torch.Tensor:
    """Return K(c) T on the free nodes, element by element."""
    stiffness = torch.as_tensor(STIFFNESS, dtype=nodes.dtype, device=nodes.device)
    forces = conductivity[..., None] * (_corners(nodes) @ stiffness)
    lower_left, lower_right, upper_right, upper_left = forces.unbind(dim=-1)
    pad = torch.nn.functional.pad
    lower = pad(lower_left, (0, 1)) + pad(lower_right, (1, 0))
    upper = pad(upper_left, (0, 1)) + pad(upper_right, (1, 0))
    return upper + pad(lower[..., 1:, :], (0, 0, 0, 1))


def solve_one_by_one(conductivity: torch.Tensor, load: torch.Tensor) -> torch.Tensor:
    """Solve for T (S, e, e + 1) of S plates on the CPU, in double precision whatever the precision
    of the result.
    """
    c, f = (np.ascontiguousarray(tensor.numpy(), np.float64) for tensor in (conductivity, load))
    return torch.from_numpy(solve_plates(c, f, STIFFNESS)).to(load.dtype)


def solve_in_blocks(conductivity: torch.Tensor, load: torch.Tensor) -> torch.Tensor:
    """Solve for T on any device, all plates at once, by Cholesky of a block tridiagonal matrix K =
    L L^T.

    With D_r the diagonal blocks and B_r the couplings of node rows r and r + 1,

        L_r L_r^T = D_r - M_{r-1} M_{r-1}^T,   M_r = B_r^T L_r^{-T}.
    """
    diagonal, coupling = _blocks(conductivity)
    rows = diagonal.shape[-3]
    factors, links, forward = [], [], []
    rest, right = diagonal[..., 0, :, :], load[..., 0, :, None]
    for row in range(rows):
        factor = torch.linalg.cholesky(rest)
        factors.append(factor)
        forward.append(torch.linalg.solve_triangular(factor, right, upper=False))
        if row + 1 < rows:
            # M_r^T = L_r^{-1} B_r
            link = torch.linalg.solve_triangular(factor, coupling[..., row, :, :], upper=False).mT
            links.append(link)
            rest = diagonal[..., row + 1, :, :] - link @ link.mT
            right = load[..., row + 1, :, None] - link @ forward[-1]
    rows_up = [torch.linalg.solve_triangular(factors[-1].mT, forward[-1], upper=True)]
    for row in range(rows - 2, -1, -1):
        rows_up.append(
            torch.linalg.solve_triangular(
                factors[row].mT, forward[row] - links[row].mT @ rows_up[-1], upper=True
            )
        )
    return torch.stack(rows_up[::-1], dim=-3)[..., 0]


def _blocks(conductivity: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return D (..., e, e + 1, e + 1) of the free node rows, and B (..., e - 1, e + 1, e + 1) from
    a row to the one above it.
    """
    pad, diag = torch.nn.functional.pad, torch.diag_embed
    # squares above each free row of nodes: none above the upper edge
    above = pad(conductivity, (0, 0, 0, 1))[..., 1:, :]
    sides = conductivity + above
    main = (pad(sides, (0, 1)) + pad(sides, (1, 0))) * STIFFNESS[0, 0]
    next_to = sides * STIFFNESS[0, 1]
    diagonal = diag(main) + diag(next_to, offset=1) + diag(next_to, offset=-1)
    between = conductivity[..., 1:, :]  # squares between a free row and the next
    straight = (pad(between, (0, 1)) + pad(between, (1, 0))) * STIFFNESS[0, 3]
    slanted = between * STIFFNESS[0, 2]
    return diagonal, diag(straight) + diag(slanted, offset=1) + diag(slanted, offset=-1)
