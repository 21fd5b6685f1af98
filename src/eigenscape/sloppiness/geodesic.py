"""The shortest path from ignorance to truth, and the progress of a model along it.

Square roots of probabilities are points of unit spheres, one per sample. The geodesic between two
models runs on each sphere along the great circle,

    gamma(t) = [sin((1 - t) d) sqrt P_0 + sin(t d) sqrt P_*] / sin d,
    d = arccos sum_y sqrt(P_0 P_*),

here from ignorance (equal probabilities) to truth (the right class). A model's progress is the t at
which gamma(t) is nearest to it in d_B. The overlap of a model with gamma(t) is a sinusoid in t,
positive between the ends and so concave there; its logarithm is concave too, and the distance
convex: progress is where its derivative changes sign, found by bisection.

Source: J. Mao et al., PNAS 2024, doi 10.1073/pnas.2310002121; R. Ramesh et al., arXiv 2210.17011,
with their code, github.com/grasp-lyrl/picture_of_space_of_tasks. Convexity, and the mean of
trajectories as the mean of probabilities at equal progress, are this project's.
"""

from __future__ import annotations

import numpy as np

from eigenscape.errors import BadInput

HALVINGS = 53
"""Number of halvings of the interval [0, 1], which determine t to the last digit of float64."""


def ignorance(samples: int, classes: int) -> np.ndarray:
    """Return log P_0 (n, C): equal probabilities of all classes.

    Example:
        >>> np.exp(ignorance(1, 4)).round(12).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    return np.full((samples, classes), -np.log(classes))


def truth(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return log P_* (n, C): 0 at the right class, -inf elsewhere.

    Raises:
        BadInput: a label is not a class.

    Example:
        >>> truth(np.array([1]), 2).tolist()
        [[-inf, 0.0]]
    """
    if len(labels) == 0 or labels.min() < 0 or labels.max() >= classes:
        raise BadInput.field(
            "labels", f"classes from 0 to {classes - 1}", f"{labels}", "number the classes from 0"
        )
    logs = np.full((len(labels), classes), -np.inf)
    logs[np.arange(len(labels)), labels] = 0.0
    return logs


def geodesic(start: np.ndarray, end: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return log gamma(t)^2 (T, n, C) at t in [0, 1].

    Samples at which both ends agree do not move.

    Args:
        start: log P_0 (n, C).
        end: log P_* (n, C).
        positions: t (T,).

    Example:
        >>> half = geodesic(ignorance(1, 2), truth(np.array([0]), 2), np.array([0.5]))
        >>> np.exp(half).round(6).tolist()  # 22.5 degrees
        [[[0.853553, 0.146447]]]
    """
    first, last = np.exp(0.5 * start), np.exp(0.5 * end)
    angle = _angle(first, last)[:, None]
    t = np.asarray(positions, dtype=np.float64)[:, None, None]
    # sin(t d) / sin d is t for d = 0.
    flat = angle < np.finfo(np.float64).eps ** 0.5
    size = np.where(flat, 1.0, np.sin(angle))
    start_weight = np.where(flat, 1 - t, np.sin((1 - t) * angle) / size)
    far = np.where(flat, t, np.sin(t * angle) / size)
    roots = start_weight * first + far * last
    roots = roots / np.sqrt(np.square(roots).sum(axis=2, keepdims=True))
    with np.errstate(divide="ignore"):
        return np.asarray(2 * np.log(roots))


def progress(log_probabilities: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the progress t (M,) of models along the geodesic: argmin over [0, 1] of d_B(P,
    gamma(t)).

    Args:
        log_probabilities: (M, n, C).
        start: log P_0 (n, C).
        end: log P_* (n, C).

    Raises:
        BadInput: the models and the ends differ in samples or classes.

    Example:
        >>> ends = ignorance(1, 2), truth(np.array([0]), 2)
        >>> progress(geodesic(*ends, np.array([0.0, 0.25, 1.0])), *ends).round(12).tolist()
        [0.0, 0.25, 1.0]
    """
    if log_probabilities.shape[1:] != start.shape or start.shape != end.shape:
        expected, shape = f"models of shape {start.shape}", f"{log_probabilities.shape[1:]}"
        raise BadInput.field(
            "log_probabilities", expected, shape, "give the samples of the geodesic"
        )
    first, last = np.exp(0.5 * start), np.exp(0.5 * end)
    angle = _angle(first, last)
    progresses = np.empty(len(log_probabilities))
    for number, model in enumerate(log_probabilities):
        roots = np.exp(0.5 * model.astype(np.float64))
        progresses[number] = _nearest(
            (roots * first).sum(axis=1), (roots * last).sum(axis=1), angle
        )
    return progresses


def _nearest(with_start: np.ndarray, with_end: np.ndarray, angle: np.ndarray) -> float:
    """Return the zero of the derivative of sum_i log[a_i sin((1 - t) d_i) + b_i sin(t d_i)], which
    decreases in t.
    """

    def slope(t: float) -> float:
        overlap = with_start * np.sin((1 - t) * angle) + with_end * np.sin(t * angle)
        change = angle * (with_end * np.cos(t * angle) - with_start * np.cos((1 - t) * angle))
        moving = angle > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            # At an end where the overlap is zero the slope is infinite, towards the inside.
            return float(np.sum(change[moving] / overlap[moving]))

    if slope(0.0) <= 0:
        return 0.0
    if slope(1.0) >= 0:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return (low + high) / 2


def at_progress(
    log_probabilities: np.ndarray, progresses: np.ndarray, requested: np.ndarray
) -> np.ndarray:
    """Re-index a trajectory (T, n, C) by progress: return the first point at which it has each
    requested progress, (S, n, C).

    Between checkpoints it follows the geodesic from one to the next. A progress that is never
    reached gives NaN.

    Args:
        log_probabilities: log P_t (T, n, C), in the order of training.
        progresses: the progress of each checkpoint (T,).
        requested: (S,), the requested progress of each point.

    Example:
        >>> ends = ignorance(1, 2), truth(np.array([0]), 2)
        >>> path = geodesic(*ends, np.array([0.0, 0.5, 1.0]))
        >>> found = at_progress(path, np.array([0.0, 0.5, 1.0]), np.array([0.25]))
        >>> np.allclose(found, geodesic(*ends, np.array([0.25])))
        True
    """
    points = np.full((len(requested), *log_probabilities.shape[1:]), np.nan)
    for index, value in enumerate(requested):
        reached = np.flatnonzero(progresses >= value)
        if len(reached) == 0:
            continue
        after = int(reached[0])
        if after == 0:
            # A trajectory that starts beyond has no earlier point; one that starts there has it
            # exactly.
            if progresses[0] == value:
                points[index] = log_probabilities[0]
            continue
        share = (value - progresses[after - 1]) / (progresses[after] - progresses[after - 1])
        ends = (
            log_probabilities[after - 1].astype(np.float64),
            log_probabilities[after].astype(np.float64),
        )
        points[index] = geodesic(*ends, np.array([share]))[0]
    return points


def riemann_length(steps: np.ndarray) -> float:
    """Return 2 sum sqrt(d_B(P_t, P_{t+1})), given the distances between successive checkpoints (T -
    1,).

    For close models d_B is an eighth of the mean over samples of the squared Fisher length of the
    step, so this is the root mean square Fisher length over sqrt 2. From ignorance to truth, along
    the geodesic, it is sqrt 2 arccos(1 / sqrt C).

    Example:
        >>> riemann_length(np.array([0.25, 1.0]))
        3.0
    """
    return float(2 * np.sqrt(np.maximum(steps, 0.0)).sum())


def _angle(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the arc cosine of the overlap (n,), computed from the chord, which keeps its digits
    where the ends are close.
    """
    return np.asarray(2 * np.arcsin(np.minimum(np.linalg.norm(first - last, axis=1) / 2, 1.0)))
