"""Labelled inputs for ensembles of networks: those that they are trained on, and those at which
predictions are compared.
"""

from __future__ import annotations

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.networks.labelled_data import HELD_OUT_SHARE, LabelledData, classes_of, standardised
from eigenscape.seeding import stream_key


def task_of(
    inputs: np.ndarray, labels: np.ndarray, each: int, seed: int, *, held_out: bool
) -> LabelledData:
    """Hold out a quarter of every class, and take ``each`` inputs of a class, held out or trained,
    to compare predictions at.

    Args:
        inputs: X (n, d) or (n, h, w), finite numbers.
        labels: y (n,), whole numbers or text.
        each: inputs of every class that predictions are compared at.
        seed: names the split.
        held_out: take these from the held-out part.

    Raises:
        BadInput: shapes that do not fit, values that are not finite, fewer than two classes, too
            few inputs of a class.

    Example:
        >>> from eigenscape.networks.labelled_data import digits
        >>> task_of(*digits(), each=5, seed=0, held_out=True).inputs.shape
        (50, 8, 8)
    """
    data = classes_of(inputs, labels)
    draw = np.random.Generator(np.random.Philox(key=stream_key(seed, "sloppiness", "split")))
    compared, trained = [], []
    for code, name in enumerate(data.names):
        order = draw.permutation(np.flatnonzero(data.codes == code))
        held = int(HELD_OUT_SHARE * len(order))
        pool = order[:held] if held_out else order[held:]
        if len(pool) < each or held == len(order):
            kind = "held-out" if held_out else "training"
            fix = "lower sloppiness.ensemble.inputs_per_class, or join classes"
            raise BadInput.field(
                "y", f"at least {each} {kind} inputs of every class", f"{len(pool)} of {name}", fix
            )
        compared.append(pool[:each])
        trained.append(order[held:])
    return standardised(data, trained, compared)


def with_spectrum_power(task: LabelledData, power: float) -> LabelledData:
    """Flattened inputs whose correlation eigenvalues lambda_i are raised to a power, along their
    own eigenvectors.

    x -> sum_i lambda_i^((power - 1) / 2) u_i <u_i, x>, scaled so that the trace of the correlation
    stays the same. Directions that the data do not have (lambda_i below d eps lambda_1) are left
    out.

    Args:
        task: inputs and labels.
        power: 1 leaves the eigenvalues, 0 makes them equal.

    Example:
        >>> task = LabelledData(
        ...     np.diag([4.0, 1.0]), np.array([0, 1]), np.eye(2), np.array([0, 1]), 2
        ... )
        >>> with_spectrum_power(task, 0.0).train_inputs.round(6).tolist()
        [[2.915476, 0.0], [0.0, 2.915476]]
    """
    flat, compared = (
        values.reshape(len(values), -1) for values in (task.train_inputs, task.inputs)
    )
    values, vectors = np.linalg.eigh(flat.T @ flat / len(flat))
    present = values > len(values) * np.finfo(np.float64).eps * values[-1]
    values, vectors = values[present], vectors[:, present]
    factors = values ** ((power - 1) / 2) * np.sqrt(values.sum() / (values**power).sum())
    through = (vectors * factors) @ vectors.T
    return LabelledData(
        flat @ through, task.train_labels, compared @ through, task.labels, task.classes
    )


def correlation_slope(inputs: np.ndarray) -> float:
    """Slope c of lambda_i ~ e^(-c i): least squares of ln lambda_i of the inputs' correlation over
    the half with the larger eigenvalues.

    The other half of images' eigenvalues are pixels that never change, or change in few images.

    Args:
        inputs: (n, ...).

    Example:
        >>> round(correlation_slope(np.diag(np.exp(-0.5 * np.arange(8.0)))), 6)
        1.0
    """
    flat = inputs.reshape(len(inputs), -1)
    values = np.linalg.eigvalsh(flat.T @ flat / len(flat))[::-1]
    values = values[values > len(values) * np.finfo(np.float64).eps * values[0]]
    half = np.log(values[: max(len(values) // 2, 2)])
    return float(-np.polyfit(np.arange(len(half)), half, 1)[0]) if len(half) > 1 else 0.0
