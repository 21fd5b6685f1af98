"""The spectrum of the inputs that ensembles of networks are trained on."""

from __future__ import annotations

import numpy as np

from eigenscape.networks.labelled_data import LabelledData


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
