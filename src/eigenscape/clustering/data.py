"""Labelled inputs, split so that the graphs see inputs that training does not."""

from __future__ import annotations

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.networks.labelled_data import HELD_OUT_SHARE, LabelledData, classes_of, standardised
from eigenscape.seeding import stream_key


def split(inputs: np.ndarray, labels: np.ndarray, each: int, seed: int) -> LabelledData:
    """Hold out a quarter of every class, take ``each`` inputs of a class from it, and standardise
    all by the training part.

    Args:
        inputs: X (n, d) or (n, h, w), finite numbers.
        labels: y (n,), whole numbers or text.
        each: held-out inputs of every class that the graphs take.
        seed: names the split.

    Raises:
        BadInput: shapes that do not fit, values that are not finite, fewer than two classes, too
            few inputs of a class.

    Example:
        >>> from eigenscape.networks.labelled_data import digits
        >>> found = split(*digits(), each=5, seed=0)
        >>> found.inputs.shape, found.classes
        ((50, 8, 8), 10)
    """
    data = classes_of(inputs, labels)
    counts, needed = np.bincount(data.codes), int(np.ceil(each / HELD_OUT_SHARE))
    if counts.min() < needed:
        poorest = data.names[counts.argmin()]
        raise BadInput.field(
            "y",
            f"at least {needed} inputs of every class",
            f"{counts.min()} of {poorest}",
            "lower clustering.inputs_per_class, or join classes",
        )
    draw = np.random.Generator(np.random.Philox(key=stream_key(seed, "clustering", "split")))
    chosen, trained = [], []
    for code in range(len(data.names)):
        order = draw.permutation(np.flatnonzero(data.codes == code))
        held = max(int(HELD_OUT_SHARE * len(order)), each)
        chosen.append(order[:each])
        trained.append(order[held:])
    return standardised(data, trained, chosen)
