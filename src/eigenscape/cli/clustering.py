"""`eigenscape clustering`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eigenscape.cli._study import step_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@step_command
@click.argument("network")
def clustering(study: Study, folder: StudyFolder, *, network: str) -> dict[str, Any]:
    """Train the replicas of one architecture and read the graphs of its layers.

    \b
    Example:
      eigenscape clustering perceptron-d05-w128 --study results/sine/study.json
    """
    from eigenscape.stages.clustering.networks import compute_clustering

    tables = compute_clustering(study, folder, network)
    return {"network": network, "graphs": len(tables["layers"])}
