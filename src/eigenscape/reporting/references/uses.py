"""Which publications a study cites, and what for, by science; they stand in `library.bib`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eigenscape.catalogue import chapters_of
from eigenscape.config.study import Study
from eigenscape.reporting.references.library import Reference, library

SOFTWARE = "software"


@dataclass(frozen=True)
class Use:
    """A publication and what it is the source of.

    Attributes:
        key: of the publication.
        of: what of it is used.
        when: whether a study of the science does; by default every one.
    """

    key: str
    of: str
    when: Callable[[Study], bool] = lambda study: True

    @property
    def reference(self) -> Reference:
        """The publication."""
        return library()[self.key]


def _any_case(*endings: str) -> Callable[[Study], bool]:
    return lambda study: any(case.endswith(endings) for case in study.model_constrained.cases)


def _graphs_by(*methods: str) -> Callable[[Study], bool]:
    return lambda study: study.clustering.graph.method in methods


def _elastic_net(study: Study) -> bool:
    return study.clustering.graph.method == "sparse" and study.clustering.graph.tau < 1


def _trained_by_adam(study: Study) -> bool:
    return "adam" in study.sloppiness.ensemble.optimisers


USES: dict[str, tuple[Use, ...]] = {
    "active subspace": (
        Use("constantine2014", "the matrix C and its eigenvectors"),
        Use("constantine2015", "active variables and summary plots"),
        Use("helland2017", "active subspaces of a network's loss over its parameters"),
        Use("poole2016", "mean field: χ₁ and q*"),
        Use("schoenholz2017", "how gradients grow or decay from layer to layer"),
        Use("marchenko1967", "what sampling noise alone would give"),
        Use("demmel1992", "spectra longer than ten decades"),
        Use("salmon2011", "random numbers by counter, Philox4x32-10"),
    ),
    "expressivity": (
        Use("raghu2017", "trajectory length, transitions, dichotomies and their findings"),
        Use("hanin2022", "lengths at the usual variance 2/fan_in"),
        Use("poole2016", "growth of lengths, mean field"),
        Use("kingma2015", "the training of one layer alone"),
    ),
    "subspace clustering": (
        Use("saini2021", "the questions and their findings"),
        Use("elhamifar2013", "graphs by sparse self-expression", _graphs_by("sparse")),
        Use("you2016", "the elastic net", _elastic_net),
        Use("lu2012", "graphs by least squares", _graphs_by("least_squares")),
        Use("vidal2014", "graphs of low rank", _graphs_by("low_rank", "shape_interaction")),
        Use("newman2006", "modularity"),
        Use("kornblith2019", "similarity of layers (CKA)"),
        Use("cortes2012", "centred alignment"),
        Use("kingma2015", "training"),
        Use("pedregosa2011", "the digits", lambda study: study.clustering.data == "digits"),
    ),
    "sloppiness": (
        Use("quinn2019", "InPCA"),
        Use("mao2024", "explained stress, progress, and the findings"),
        Use("mao2026", "the question what makes trajectories thin"),
        Use("transtrum2011", "hyper-ribbons"),
        Use("gutenkunst2007", "how many decades sloppy models span"),
        Use("kingma2015", "one of the optimisers", _trained_by_adam),
        Use(
            "pedregosa2011",
            "the digits",
            lambda study: study.sloppiness.ensemble.data == "digits",
        ),
    ),
    "sloppiness, theory": (
        Use("mao2026", "the three controls of linear trajectories"),
        Use("beckermann2017", "the exponent π²/ln 4κ"),
    ),
    "model-constrained": (
        Use("nguyen2021", "the losses of nDNN, mcDNN and TNet", _any_case("ndnn", "mcdnn", "tnet")),
        Use("nguyen2022", "the loss of mcTangent", _any_case("mctangent")),
        Use("nguyen2025", "the loss of TAEN", _any_case("taen")),
    ),
    SOFTWARE: (
        Use("moelder2021", "the workflow"),
        Use("harris2020", "arrays"),
        Use("virtanen2020", "linear algebra"),
        Use("paszke2019", "gradients and eigensolves"),
        Use("lam2015", "compiled gradient kernels"),
        Use("dalcin2021", "MPI"),
        Use("zarr", "chunked storage"),
        Use("hoyer2017", "labelled tables"),
        Use("hunter2007", "figures"),
    ),
}
"""Programs are cited as their authors ask."""


def used_by(study: Study) -> dict[str, list[Use]]:
    """What a study used, by science; a publication stands under each science that uses it.

    Example:
        >>> off = {"enabled": False}
        >>> study = {"expressivity": off, "clustering": off, "sloppiness": off}
        >>> study["model_constrained"] = off
        >>> list(used_by(Study.from_mapping(study)))
        ['active subspace', 'software']
    """
    chapters = (*chapters_of(study), SOFTWARE)
    return {
        chapter: [use for use in uses if use.when(study)]
        for chapter, uses in USES.items()
        if chapter in chapters
    }
