"""Write scikit-learn's digits as arrays that a study can read: ``python examples/digits.py FILE.npz
[PER_CLASS]``.
"""

from __future__ import annotations

import sys

import numpy as np
from sklearn.datasets import load_digits


def write_digits(path: str, per_class: int = 5) -> None:
    """The first images of each class, (n, 8, 8) with numbers from 0 to 1, and their classes
    (n,).
    """
    digits = load_digits()
    chosen = np.sort(
        np.concatenate([np.flatnonzero(digits.target == each)[:per_class] for each in range(10)])
    )
    np.savez(path, images=digits.images[chosen] / 16.0, classes=digits.target[chosen])


if __name__ == "__main__":
    write_digits(sys.argv[1], *map(int, sys.argv[2:]))
