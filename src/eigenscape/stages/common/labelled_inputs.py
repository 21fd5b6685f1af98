"""Inputs and labels of `clustering` and `trajectories`: scikit-learn's digits, or a user's file,
checked before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.seeding import generator
from eigenscape.store.receipts import digest_of

if TYPE_CHECKING:
    import numpy as np

    from eigenscape.networks.labelled_data import LabelledData


def labelled_inputs(study: Study) -> LabelledData:
    """The split that a study's networks are trained and read on.

    Raises:
        BadInput: ``clustering.data`` is missing, no plain .npz file, or its arrays cannot be used;
            one line that says why.
    """
    section = study.clustering
    draw = generator(study.sampling.seed, "clustering", "split")
    return _split("clustering", section.data, section.inputs_per_class, "held_out", draw)


def ensemble_task(study: Study) -> LabelledData:
    """What the ensemble's networks are trained on, and where they are compared.

    Raises:
        BadInput: ``sloppiness.ensemble.data`` is missing, no plain .npz file, or its arrays cannot
            be used; one line that says why.
    """
    from eigenscape.networks.labelled_data import with_random_labels  # noqa: PLC0415

    section = study.sloppiness.ensemble
    draw, noise = (
        generator(study.sampling.seed, "sloppiness", stream) for stream in ("split", "label noise")
    )
    return _split(
        "sloppiness.ensemble",
        section.data,
        section.inputs_per_class,
        section.measured,
        draw,
        partial(with_random_labels, share=section.label_noise, draw=noise),
    )


def data_identity(data: str) -> dict[str, str]:
    """What a document says of the data beside their name: the digest of a user's file."""
    return {} if data == "digits" else {"digest_of_data": _digest(data)}


@cache
def _digest(path: str) -> str:
    try:
        return digest_of(Path(path).read_bytes())
    except OSError:
        return "no such file"  # its reader says so in the user's words


def _split(
    section: str,
    data: str,
    each: int,
    part: str,
    draw: np.random.Generator,
    relabel: Callable[[np.ndarray], np.ndarray] | None = None,
) -> LabelledData:
    """The data of one section of the configuration; a complaint names their key and file."""
    from eigenscape.networks.labelled_data import (  # noqa: PLC0415
        Part,
        classes_of,
        digit_images,
        split,
    )
    from eigenscape.store.arrays import read_labelled_arrays  # noqa: PLC0415

    key = f"{section}.data"
    try:
        inputs, labels = (
            digit_images() if data == "digits" else read_labelled_arrays(Path(data), key)
        )
        if relabel is not None:
            classes_of(inputs, labels)
            labels = relabel(labels)
        return split(inputs, labels, each, Part(part), draw)
    except BadInput as error:
        file = "" if str(error).startswith(data) else f"{data}: "
        raise BadInput(f"{key}: {file}{error}") from None


def require_usable(study: Study) -> None:
    """Refuse a user's file that a science of the study cannot use, or that a convolutional network
    of `clustering` cannot.

    Raises:
        BadInput: as there, or vectors where there must be images.
    """
    if study.sloppiness.enabled and study.sloppiness.ensemble.data != "digits":
        ensemble_task(study)
    section = study.clustering
    if section.enabled and section.data != "digits":
        found = labelled_inputs(study)
        shape = found.inputs.shape[1:]
        if section.channels is not None and (not found.images or min(shape) < 4):
            raise BadInput.field(
                "clustering.channels",
                "null where inputs are no images of at least 4 x 4",
                f"{section.channels}, and X of shape (n, {', '.join(map(str, shape))}) in"
                f" {section.data}",
                "write clustering: {channels: null}, or save X with shape (n, h, w)",
            )
