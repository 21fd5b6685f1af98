"""Networks with more parameters than any P x P matrix allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.catalogue.active_subspace.steps import CHAPTER
from eigenscape.catalogue.rows import MB, Family, Results, Step, figure
from eigenscape.config.study import Study
from eigenscape.planning import solver_choice
from eigenscape.planning.large import LargePlan, large_cell, plans_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _plans(study: Study) -> dict[str, LargePlan]:
    return {plan.architecture.label: plan for plan in plans_of(study)}


LARGE = Step(
    name="large",
    does="Leading eigenpairs, traces and density of one network, over MPI ranks, without C.",
    leaves=("ledger/large/{}.json",),
    wildcard="network",
    jobs=_plans,
    makes={"large/{}/spectrum.npz": lambda _, folder: folder.rpartition("-n")[0]},
    ranks=solver_choice.RANKS,
    told={"device": "cpu", "checkpoint_seconds": 60},
    priority=10**8,
    memory=lambda job: 800 * MB + 2 * job.about.work.memory,
    minutes=120,
    decides={"fingerprint": lambda job: large_cell(job.study, job.about).fingerprint},
)

LARGE_NETWORKS = Family(
    "large_networks",
    CHAPTER,
    reads=lambda study: map(LARGE.target, _plans(study)),
    # the figure holds the eigenvectors of all
    memory=lambda study: 1000 * MB + sum(plan.work.memory for plan in plans_of(study)),
    made=lambda study: bool(study.large.architectures()),
)


@figure(LARGE_NETWORKS, "Networks too large for C")
def large_networks(results: Results) -> Figure:
    """What is known of the spectra of networks whose P × P matrix cannot be held: eigenvalues with
    their residuals, how many lie above a value, and the share of the trace in each layer.
    """
    from eigenscape.figures.active_subspace.large_networks import (
        LargeSpectrum,
        large_networks_figure,
    )
    from eigenscape.figures.style import message_figure
    from eigenscape.stages.active_subspace.large import read_large

    study = results.study
    architectures = study.large.architectures()
    if not architectures:
        return message_figure("The study has no large networks: its section large is empty.")
    spectra = []
    for architecture in architectures:
        found = read_large(study, architecture, results.folder)
        spectra.append(LargeSpectrum.of_arrays(architecture, study.large.samples, found))
    return large_networks_figure(spectra)


FIGURES = (large_networks,)
