"""Inputs and labels of `clustering` and `trajectories`: scikit-learn's digits, or a user's file,
checked before anything runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from eigenscape.config.study import Study
from eigenscape.errors import BadInput

if TYPE_CHECKING:
    from eigenscape.networks.labelled_data import LabelledData


def labelled_inputs(study: Study) -> LabelledData:
    """The split that a study's networks are trained and read on.

    Raises:
        BadInput: ``clustering.data`` is missing, no plain .npz file, or its arrays cannot be used;
            one line that says why.
    """
    from eigenscape.clustering.data import split  # noqa: PLC0415
    from eigenscape.networks.labelled_data import digits  # noqa: PLC0415
    from eigenscape.store.arrays import read_labelled_arrays  # noqa: PLC0415

    section = study.clustering
    if section.data == "digits":
        return split(*digits(), section.inputs_per_class, study.sampling.seed)
    try:
        return split(
            *read_labelled_arrays(Path(section.data)), section.inputs_per_class, study.sampling.seed
        )
    except BadInput as error:
        _named(error, "clustering.data", section.data)


def ensemble_task(study: Study) -> LabelledData:
    """What the ensemble's networks are trained on, and where they are compared.

    Raises:
        BadInput: ``sloppiness.ensemble.data`` is missing, no plain .npz file, or its arrays cannot
            be used; one line that says why.
    """
    from eigenscape.networks.labelled_data import digits  # noqa: PLC0415
    from eigenscape.sloppiness.data import task_of  # noqa: PLC0415
    from eigenscape.store.arrays import read_labelled_arrays  # noqa: PLC0415

    section, key = study.sloppiness.ensemble, "sloppiness.ensemble.data"
    held_out = section.measured == "held_out"
    if section.data == "digits":
        return task_of(*digits(), section.inputs_per_class, study.sampling.seed, held_out=held_out)
    try:
        arrays = read_labelled_arrays(Path(section.data), key)
        return task_of(*arrays, section.inputs_per_class, study.sampling.seed, held_out=held_out)
    except BadInput as error:
        _named(error, key, section.data)


def _named(error: BadInput, key: str, path: str) -> NoReturn:
    """The same complaint, with the key of the configuration and the file in front."""
    named = "" if str(error).startswith(path) else f"{path}: "
    raise BadInput(f"{key}: {named}{error}") from None


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
