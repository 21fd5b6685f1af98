"""Figures of the headline network, and of what its layers carry as the scale of the weights
changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.catalogue.active_subspace.steps import (
    CHAPTER,
    CRITICALITY,
    IMPORTANCE,
    PROJECTION,
    SPECTRUM,
    no_profile,
    sine_only,
)
from eigenscape.catalogue.rows import Family, Results, figure
from eigenscape.config.study import Study
from eigenscape.errors import DamagedResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from eigenscape.active_subspace.spectrum import Spectrum
    from eigenscape.store.layout import StudyFolder

SUMMARY_SAMPLES = 2_000
"""Points of the sufficient summary plot; more would only overlap."""


def _spectrum_and_projection(study: Study) -> list[str]:
    cell = study.headline_cell
    projected = [PROJECTION.target(f"{cell.architecture.width}")]
    return [
        *SPECTRUM.targets(cell.folder),
        *projected * bool(study.projected_architectures()),
    ]


HEADLINE = Family("headline", CHAPTER, _spectrum_and_projection)
LAYERS = Family(
    "importance",
    CHAPTER,
    lambda study: [*IMPORTANCE.targets(), *SPECTRUM.targets(study.headline_cell.folder)],
)
SCALES = Family("criticality", CHAPTER, lambda _: CRITICALITY.targets())


def _read_spectrum(study: Study, folder: StudyFolder) -> Spectrum:
    """Eigenvalues, eigenvectors and diagonal of the headline's C."""
    from eigenscape.stages.common.verified import read_verified_spectrum

    return read_verified_spectrum(study.headline_cell, folder)


@figure(HEADLINE, "Spectrum of the headline network")
def eigenvalues(results: Results) -> Figure:
    """Eigenvalues of C by index, on a logarithmic and on a linear axis, beside those of C projected
    onto its symmetries (a staircase, which sampling broadens) and, in grey, what noise of the same
    trace and P/N would give.
    """
    from eigenscape.figures.active_subspace.eigenvalues import eigenvalues_figure
    from eigenscape.stages.active_subspace.projection import (
        projected_eigenvalues,
        require_projection,
    )
    from eigenscape.stages.common.verified import read_confidence

    study, folder = results.study, results.folder
    cell = study.headline_cell
    confidence = read_confidence(cell, folder)
    projected = None
    if study.projected_architectures():
        projected = projected_eigenvalues(require_projection(study, cell.architecture, folder))
    return eigenvalues_figure(
        results.read(_read_spectrum),
        cell.architecture,
        cell.samples,
        projected,
        (confidence["low"], confidence["high"]),
    )


@figure(HEADLINE, "Where the eigenvectors live")
def eigenvectors(results: Results) -> Figure:
    """Above, the size of the entries of the eigenvectors over the parameters; below, their mass in
    each layer. Single vectors of a group of nearly equal eigenvalues are arbitrary; the layer in
    which a group lives is not.
    """
    from eigenscape.figures.active_subspace.eigenvectors import eigenvectors_figure

    architecture = results.study.headline_cell.architecture
    return eigenvectors_figure(results.read(_read_spectrum), architecture)


@figure(HEADLINE, "How layers share the gradient")
def layer_importance(results: Results) -> Figure:
    """Each layer's share of tr C = E|∇L|², and that share divided by the layer's part of the
    parameters: 1 is the average.
    """
    from eigenscape.figures.active_subspace.layer_importance import layer_importance_figure

    architecture = results.study.headline_cell.architecture
    return layer_importance_figure(results.read(_read_spectrum).diagonal, architecture)


@figure(
    LAYERS,
    "Layer importance under two priors",
    left_out=no_profile,
)
def importance(results: Results) -> Figure:
    """Shares of the layers with their intervals under the study's prior and under a second one, and
    below them per parameter with the mean-field profile 1/χ₁ per layer. The title says which hidden
    layers have more gradient under each, by the interval of the slope.
    """
    from eigenscape.figures.active_subspace.importance import (
        PriorImportance,
        importance_figure,
    )
    from eigenscape.stages.active_subspace.importance import (
        headline_importance,
        shares_of,
        slope_of,
    )

    architecture = results.study.headline_cell.architecture
    priors = [
        PriorImportance(
            content["prior"].replace("_", " "),
            shares_of(content, architecture),
            content["chi_1"],
            slope_of(content, architecture),
        )
        for content in results.read(headline_importance)["priors"]
    ]
    return importance_figure(priors, architecture)


@figure(
    SCALES,
    "Layer importance through criticality",
    left_out=sine_only,
)
def criticality(results: Results) -> Figure:
    """The slope of the layer profile against its mean-field prediction −log10 χ₁, as the scale of
    the weights goes through χ₁ = 1, where mean field predicts that its sign changes.
    """
    from eigenscape.figures.active_subspace.layer_profile_sweep import (
        layer_profile_sweep_figure,
        sign_words,
    )
    from eigenscape.stages.active_subspace.importance import criticality_table

    section = results.study.criticality
    words = (
        f"{results.study.network.activation}, $L$ = {section.depth}, $w$ = {section.width},"
        f" $\\sigma_b$ = {section.bias_std:g}"
    )
    table = results.read(criticality_table)
    return layer_profile_sweep_figure(table, f"{words}\n{sign_words(table)}")


@figure(LAYERS, "Whether one or two directions summarise the loss")
def sufficient_summary(results: Results) -> Figure:
    """The loss at samples of the prior against their first active variable, and over the plane of
    the first two. A curve would mean that the active subspace summarises the loss; a cloud means
    that it does not.
    """
    from eigenscape.active_subspace.layer_statistics import active_variables
    from eigenscape.figures.active_subspace.sufficient_summary import sufficient_summary_figure
    from eigenscape.stages.common.samplers import sampler_of

    cell = results.study.headline_cell
    vectors = results.read(_read_spectrum).eigenvectors
    if vectors is None:
        raise DamagedResult(
            f"{results.folder.spectrum(cell)}: no eigenvectors; delete the folder above it and run"
            " again"
        )
    sampler = sampler_of(results.study, cell)
    drawn = active_variables(sampler, range(min(cell.samples, SUMMARY_SAMPLES)), vectors[:, :2])
    return sufficient_summary_figure(drawn.coordinates, drawn.losses, cell.architecture)


FIGURES = (
    eigenvalues,
    eigenvectors,
    layer_importance,
    importance,
    criticality,
    sufficient_summary,
)
