"""The inputs and labels of `clustering`: scikit-learn's digits, or a file of the user's, checked before anything is computed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eigenscape.errors import BadInput
from eigenscape.study import Study

if TYPE_CHECKING:
    from eigenscape.clustering.data import Split


def labelled_inputs(study: Study) -> Split:
    """The split that a study's networks are trained and read on.

    Raises:
        BadInput: ``clustering.data`` is missing, no plain .npz file, or its arrays cannot be used; one line that says why.
    """
    from eigenscape.clustering.data import digits, split  # noqa: PLC0415 - numpy: the workflow checks studies without
    from eigenscape.store.arrays import read_labelled_arrays  # noqa: PLC0415

    section = study.clustering
    if section.data == "digits":
        return split(*digits(), section.inputs_per_class, study.sampling.seed)
    try:
        return split(*read_labelled_arrays(Path(section.data)), section.inputs_per_class, study.sampling.seed)
    except BadInput as error:
        named = "" if str(error).startswith(section.data) else f"{section.data}: "
        raise BadInput(f"clustering.data: {named}{error}") from None


def require_usable(study: Study) -> None:
    """Refuse a user's file that `labelled_inputs` cannot use, or that a convolutional network of the study cannot.

    Raises:
        BadInput: as there, or vectors where there must be images.
    """
    section = study.clustering
    if section.enabled and section.data != "digits":
        found = labelled_inputs(study)
        shape = found.inputs.shape[1:]
        if section.channels is not None and (not found.images or min(shape) < 4):
            raise BadInput.field(
                "clustering.channels",
                "null where inputs are no images of at least 4 x 4",
                f"{section.channels}, and X of shape (n, {', '.join(map(str, shape))}) in {section.data}",
                "write clustering: {channels: null}, or save X with shape (n, h, w)",
            )
