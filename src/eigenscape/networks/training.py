"""Full-batch gradient descent of many starting points (replicas) of one network at once.

The condition number is said to tell how easily a network trains. To check that, networks must be
trained: theta_{t+1} = theta_t - step grad L(theta_t), until the loss falls to a threshold. The
number of steps depends on the step size as much as on the network, so there are two ways to choose
it:

`step_by_curvature`
    1 / lambda_max of the Hessian at the starting point, the textbook choice on a quadratic. It
    needs no trial, but knows the loss at one point only.
`step_by_search`
    the best of a grid of step sizes, which is what a user does who tunes the learning rate.

R is the number of replicas, S that of the grid of step sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from eigenscape.architecture import Architecture
from eigenscape.config.sizes import LANCZOS_STEPS
from eigenscape.errors import BadInput
from eigenscape.networks import kernel
from eigenscape.networks.activations import Activation
from eigenscape.networks.problems import Problem

DIVERGED = 1e6
"""A loss above this many times its start counts as diverged: on a quadratic, one unstable direction
that grows by a factor of 1000 in the parameters. Losses that rise by less often come back (large
steps leave sharp regions)."""


class StepRule(StrEnum):
    """How the step size of gradient descent is chosen."""

    CURVATURE = "curvature"
    """1/lambda_max of the Hessian at each starting point."""
    SEARCH = "search"
    """The step size of a grid with the fewest steps to the threshold in the median, one for all
    replicas."""


@dataclass(frozen=True)
class Training:
    """What became of R replicas.

    Attributes:
        steps_to_threshold: (R,), the first t with L(theta_t) <= threshold; NaN where there is none.
        final_loss: (R,), the last loss computed: at the threshold, at divergence or after the most
            steps.
        diverged: (R,), whether the loss rose above `DIVERGED` times its start or was not finite.
    """

    steps_to_threshold: np.ndarray
    final_loss: np.ndarray
    diverged: np.ndarray

    @property
    def median_steps(self) -> float:
        """The median over all replicas, those that never arrive counting as infinite; infinite
        unless most arrive.

        Example:
            >>> Training(np.array([3.0, np.nan, 5.0]), np.ones(3), np.zeros(3, bool)).median_steps
            5.0
        """
        return float(
            np.median(np.where(np.isnan(self.steps_to_threshold), np.inf, self.steps_to_threshold))
        )

    @property
    def median_final_loss(self) -> float:
        """The median over all replicas, losses that are not finite counting as infinite."""
        return float(np.median(np.where(np.isfinite(self.final_loss), self.final_loss, np.inf)))


@dataclass(frozen=True)
class StepSearch:
    """The outcomes of a grid of step sizes.

    Attributes:
        steps: (S,), the step grid.
        runs: the outcome of each step, from the same starting points.
    """

    steps: np.ndarray
    runs: tuple[Training, ...]

    @property
    def best(self) -> int:
        """Index of the smallest median number of steps; where no median is finite, of the smallest
        median final loss.
        """
        medians = [run.median_steps for run in self.runs]
        return int(
            np.argmin(
                medians
                if np.isfinite(medians).any()
                else [run.median_final_loss for run in self.runs]
            )
        )

    @property
    def step(self) -> float:
        """The best step."""
        return float(self.steps[self.best])

    @property
    def training(self) -> Training:
        """The outcome of the best step. It was chosen for being the best, so its median is a little
        too good.
        """
        return self.runs[self.best]


def loss_of_best_constant(problem: Problem) -> float:
    """The smallest loss of a network that ignores its input: the variance of the targets, averaged
    over outputs.

    Example:
        >>> loss_of_best_constant(Problem(np.zeros((4, 1)), np.array([[0.0], [0.0], [2.0], [2.0]])))
        1.0
    """
    return float(problem.targets.var(axis=0).mean())


def train(
    parameters: np.ndarray,
    architecture: Architecture,
    activation: Activation,
    problem: Problem,
    step: np.ndarray | float,
    threshold: float,
    most_steps: int,
) -> Training:
    """Gradient descent from every row of ``parameters``, until the threshold, divergence or
    ``most_steps``.

    Replicas that are finished leave the batch. The numbers of a replica depend on its own row and
    step only, to the last bit, whatever else is in the batch.

    Args:
        parameters: (R, P), float64 or float32, the starting points; not changed.
        architecture: the network.
        activation: of the hidden units.
        problem: data of the loss.
        step: one step size, or one per replica (R,); positive.
        threshold: the loss to reach; positive.
        most_steps: after which a replica is given up, at least 1.

    Raises:
        BadInput: parameters of another network, or a step, a threshold or a number of steps that is
            not positive.

    Example:
        >>> from eigenscape.networks.activations import LINEAR
        >>> # at x = 0 the loss is (output bias)^2 here
        >>> data = Problem(np.zeros((1, 1)), np.zeros((1, 1)))
        >>> start = np.array([[0.0, 0.0, 0.0, 8.0]])  # and a step of 1/4 halves the output bias
        >>> found = train(
        ...     start, Architecture(1, 1), LINEAR, data, step=0.25, threshold=1.0, most_steps=10
        ... )
        >>> found.steps_to_threshold
        array([3.])
    """
    theta = np.array(parameters, order="C")
    if theta.ndim != 2 or theta.shape[1] != architecture.parameters:
        raise BadInput.field(
            "parameters",
            f"rows of {architecture.parameters} numbers",
            str(theta.shape),
            f"draw them for {architecture}",
        )
    step = np.array(np.broadcast_to(step, len(theta)), dtype=theta.dtype)
    for name, number in (
        ("step", step.min(initial=np.inf)),
        ("threshold", threshold),
        ("most_steps", most_steps),
    ):
        if not number > 0:
            raise BadInput.field(name, "a number above 0", str(number), "choose a positive one")

    training = Training(
        np.full(len(theta), np.nan), np.full(len(theta), np.nan), np.zeros(len(theta), bool)
    )
    replica = np.arange(len(theta))
    gradients, losses = np.empty_like(theta), np.empty(len(theta), theta.dtype)
    ceiling = np.full(len(theta), np.inf)
    # Infinities of a diverging replica are expected, and end it at its next loss.
    with np.errstate(over="ignore", invalid="ignore"):
        for taken in range(most_steps + 1):
            kernel.fill_gradients(theta, gradients, losses, architecture, activation, problem)
            if taken == 0:
                ceiling = DIVERGED * losses.astype(np.float64)
            reached = losses <= threshold
            diverged = ~(np.isfinite(losses) & (losses <= ceiling)) & ~reached
            leaving = reached | diverged
            if taken == most_steps or leaving.any():
                training.steps_to_threshold[replica[reached]] = taken
                training.diverged[replica[diverged]] = True
                training.final_loss[replica] = losses
                staying = ~leaving
                replica, step, ceiling = replica[staying], step[staying], ceiling[staying]
                theta, gradients, losses = theta[staying], gradients[staying], losses[staying]
                if not len(replica):
                    break
            gradients *= step[:, None]
            theta -= gradients
    return training


def step_by_curvature(
    parameters: np.ndarray,
    architecture: Architecture,
    activation: Activation,
    problem: Problem,
    iterations: int = LANCZOS_STEPS,
) -> np.ndarray:
    """1 / lambda_max of the Hessian of the loss at every row of ``parameters``, (R,).

    lambda_max is the largest Ritz value of ``iterations`` steps of Lanczos with full
    reorthogonalisation (Golub, Van Loan, Matrix Computations, chapter 10), on exact Hessian-vector
    products H v = grad (v^T grad L) by automatic differentiation. Power iteration would converge
    more slowly, and to a negative eigenvalue where that is larger in size, as it can be away from a
    minimum. A Ritz value is never above lambda_max; and lambda_max >= 2/outputs, the second
    derivative along an output bias.

    Args:
        parameters: (R, P), float64.
        architecture: the network.
        activation: of the hidden units.
        problem: data of the loss.
        iterations: Hessian-vector products per replica; no more than P are made.

    Example:
        >>> from eigenscape.networks.activations import LINEAR
        >>> # the loss is (2 b + c)^2: curvature 2 (4 + 1)
        >>> data = Problem(np.zeros((1, 1)), np.zeros((1, 1)))
        >>> theta = np.array([[0.0, 0.0, 2.0, 0.0]])
        >>> step_by_curvature(theta, Architecture(1, 1), LINEAR, data).round(12)
        array([0.1])
    """
    import torch  # noqa: PLC0415 - training itself does not need it

    from eigenscape.networks import functional  # noqa: PLC0415

    theta, x, y = (
        torch.from_numpy(np.ascontiguousarray(a, np.float64))
        for a in (parameters, problem.inputs, problem.targets)
    )
    gradient = torch.func.grad(functional.mean_squared_residual(x, y, architecture, activation))

    def product(point: torch.Tensor, along: torch.Tensor) -> torch.Tensor:
        """H v as the gradient of v^T grad L."""
        along_gradient: torch.Tensor = torch.func.grad(lambda theta: gradient(theta) @ along)(point)
        return along_gradient

    products = torch.func.vmap(product)

    replicas, size = theta.shape
    count = min(iterations, size)
    basis = torch.zeros(replicas, count, size, dtype=theta.dtype)
    projected = torch.zeros(replicas, count, count, dtype=theta.dtype)
    # Any start will do that is no eigenvector by construction; the same for all, so that a replica
    # stands alone.
    start = np.random.Generator(np.random.Philox(0)).standard_normal(size)
    direction = torch.from_numpy(start / np.linalg.norm(start)).expand(replicas, size)
    for j in range(count):
        basis[:, j] = direction
        image = products(theta, direction)
        projected[:, j, j] = torch.linalg.vecdot(image, direction)
        # Twice is enough (Parlett 1980): what is left of the basis after the first pass is
        # rounding.
        for _ in range(2):
            overlap = torch.einsum("rkp,rp->rk", basis, image)
            image = image - torch.einsum("rk,rkp->rp", overlap, basis)
        if j + 1 < count:
            norm = torch.linalg.vector_norm(image, dim=1)
            projected[:, j, j + 1] = projected[:, j + 1, j] = norm
            # A norm of zero ends the Krylov space: zero directions follow, whose Ritz values of 0
            # are below lambda_max.
            direction = image / torch.where(norm > 0, norm, 1.0)[:, None]
    curvatures: np.ndarray = torch.linalg.eigvalsh(projected)[:, -1].numpy()
    return 1.0 / curvatures


def step_by_search(
    parameters: np.ndarray,
    architecture: Architecture,
    activation: Activation,
    problem: Problem,
    step_grid: Sequence[float],
    threshold: float,
    most_steps: int,
) -> StepSearch:
    """Train with every step size of a grid, from the same starting points.

    Args:
        parameters: (R, P), the starting points.
        architecture: the network.
        activation: of the hidden units.
        problem: data of the loss.
        step_grid: (S,) step sizes, in any order; of equally good ones the first is taken.
        threshold: the loss to reach.
        most_steps: after which a replica is given up.

    Raises:
        BadInput: an empty grid, or what `train` refuses.

    Example:
        >>> from eigenscape.networks.activations import LINEAR
        >>> data = Problem(np.zeros((1, 1)), np.zeros((1, 1)))
        >>> start = np.array([[0.0, 0.0, 0.0, 8.0]])
        >>> step_by_search(start, Architecture(1, 1), LINEAR, data, [2.0, 0.25, 0.01], 1.0, 10).step
        0.25
    """
    if not len(step_grid):
        raise BadInput.field(
            "step_grid", "at least one step", "none", "write for example (0.1, 0.01)"
        )
    runs = tuple(
        train(parameters, architecture, activation, problem, step, threshold, most_steps)
        for step in step_grid
    )
    return StepSearch(np.asarray(step_grid, dtype=np.float64), runs)
