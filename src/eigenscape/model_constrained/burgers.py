"""One step of the viscous Burgers equation, for networks that learn its tangent (mcTangent).

    u_t + (u^2 / 2)_x = nu u_xx on [0, 1), periodic,

central differences of the flux on m cells and an explicit Euler step, F(u) = u + dt R(u). The sum
of u is conserved exactly. With ``advection`` the flux is u instead: transport with speed 1. The
step must obey dt nu / dx^2 <= 1/2 and dt <= 2 nu (the limit of central differences with Euler, for
speeds of order 1), which is checked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from eigenscape.errors import BadInput


@dataclass(frozen=True)
class Burgers:
    """F: u(t) (..., m) -> u(t + dt) (..., m).

    Attributes:
        points: m, cells.
        viscosity: nu; length^2 / time.
        step: dt.
        advection: transport with speed 1 instead of u.

    Raises:
        BadInput: the scheme is unstable for this step.

    Example:
        >>> step = Burgers(points=16, viscosity=0.02, step=0.01)
        >>> u = torch.sin(2 * torch.pi * torch.arange(16, dtype=torch.float64) / 16)
        >>> bool(step(u).sum().abs() < 1e-12)
        True
    """

    points: int = 32
    viscosity: float = 0.01
    step: float = 0.01
    advection: bool = False

    def __post_init__(self) -> None:
        largest = min(0.5 / (self.viscosity * self.points**2), 2 * self.viscosity)
        if not 0 < self.step <= largest:
            found = f"{self.step:g}"
            raise BadInput.field(
                "step",
                f"a number above 0 and at most {largest:g}",
                found,
                "write a smaller step, or other points or viscosity",
            )

    @property
    def unknowns(self) -> int:
        """The size of a state, m."""
        return self.points

    @property
    def observations(self) -> int:
        """The size of an observation, m: a state is observed completely."""
        return self.points

    def tangent(self, u: torch.Tensor) -> torch.Tensor:
        """Return R(u) = -(flux)_x + nu u_xx."""
        after, before = u.roll(-1, dims=-1), u.roll(1, dims=-1)
        flux = (after - before) if self.advection else (after**2 - before**2) / 2
        return -flux * (self.points / 2) + self.viscosity * self.points**2 * (
            after - 2 * u + before
        )

    def __call__(self, u: torch.Tensor) -> torch.Tensor:
        """Return F(u)."""
        return u + self.step * self.tangent(u)

    def trajectory(self, start: torch.Tensor, steps: int) -> torch.Tensor:
        """Return the states (..., steps + 1, m) from ``start`` (..., m)."""
        states = [start]
        for _ in range(steps):
            states.append(self(states[-1]))
        return torch.stack(states, dim=-2)


def random_waves(coefficients: np.ndarray, points: int) -> np.ndarray:
    """Return states (n, m) from coefficients (n, 2 k): sum_j (a_j sin + b_j cos)(2 pi j x) / j,
    scaled to mean square 1/2 on average.

    Example:
        >>> random_waves(np.array([[2.0, 0.0]]), 4).round(12)
        array([[ 0.        ,  1.41421356,  0.        , -1.41421356]])
    """
    orders = np.arange(1, coefficients.shape[1] // 2 + 1)
    phase = 2 * np.pi * orders[:, None] * np.arange(points) / points
    basis = np.concatenate([np.sin(phase) / orders[:, None], np.cos(phase) / orders[:, None]])
    return np.asarray(coefficients @ basis / np.sqrt(2 * np.sum(1.0 / orders**2)))
