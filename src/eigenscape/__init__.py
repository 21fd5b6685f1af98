"""How hard a neural network is to train, and why.

The handful of functions that a notebook needs, each imported when it is first used; the workflow is
built of the same. A tour that runs: docs/library.md.

=====================  =============================================================================
`network_sampler`      loss gradients of a fully connected network at samples of a prior
`loss_sampler`         the same of any torch loss
`module_sampler`       the same of any ``torch.nn.Module`` on your data
`function_sampler`     the same of any function whose gradient is given
`quadrature_sampler`   the same at the nodes of a quadrature rule, for few parameters
`rounding_growth`      how far rounding grows in those gradients, and what is left of float32
`second_moment`        C = E[grad L grad L^T], from a sampler or an array of gradients
`spectrum`             its eigenvalues, with what they can and cannot say
`condition_number`     log10(lambda_1 / lambda_P) with bracket, interval, P/N and what noise
                       alone would give
`bootstrap_subspaces`  ranges of eigenvalues and errors of leading subspaces
`choose_dimension`     how many directions are active, by five criteria
`active_variables`     samples along some directions, with their losses
`project`              the spectrum of C projected onto its symmetries, O(P) a sample
`layer_masses`         which layers the gradient lives in; `layer_shares`, `activity_scores`
`open_study`           the results of a finished study
`plot`                 figures on axes of your own
=====================  =============================================================================

Inside, the package is read from the bottom up: `architecture`, `seeding` and `config` are the
vocabulary; `networks` draws parameters and computes gradients; `active_subspace` reduces them into
C and reads its spectrum; `distributed`, `store`, `planning` and `stages` make of it a resumable
batch pipeline; `figures` draws the results; `findings`, `catalogue`, `reporting` and `provenance`
tell of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from eigenscape.version import __version__ as __version__

if TYPE_CHECKING:
    from eigenscape import errors as errors
    from eigenscape import plot as plot
    from eigenscape.active_subspace.conditioning import ConditionEstimate as ConditionEstimate
    from eigenscape.active_subspace.conditioning import condition_number as condition_number
    from eigenscape.active_subspace.conditioning import spectrum as spectrum
    from eigenscape.active_subspace.dimension import DimensionChoice as DimensionChoice
    from eigenscape.active_subspace.dimension import choose_dimension as choose_dimension
    from eigenscape.active_subspace.estimate import SecondMoment as SecondMoment
    from eigenscape.active_subspace.estimate import second_moment as second_moment
    from eigenscape.active_subspace.importance import activity_scores as activity_scores
    from eigenscape.active_subspace.importance import layer_masses as layer_masses
    from eigenscape.active_subspace.importance import layer_shares as layer_shares
    from eigenscape.active_subspace.layer_statistics import ActiveVariables as ActiveVariables
    from eigenscape.active_subspace.layer_statistics import active_variables as active_variables
    from eigenscape.active_subspace.projection import Projection as Projection
    from eigenscape.active_subspace.projection import project as project
    from eigenscape.active_subspace.spectrum import Spectrum as Spectrum
    from eigenscape.active_subspace.subspaces import SubspaceBootstrap as SubspaceBootstrap
    from eigenscape.active_subspace.subspaces import bootstrap_subspaces as bootstrap_subspaces
    from eigenscape.architecture import Architecture as Architecture
    from eigenscape.networks.priors import scaled_normal as scaled_normal
    from eigenscape.networks.problems import Problem as Problem
    from eigenscape.networks.problems import sine_regression as sine_regression
    from eigenscape.networks.quadrature import quadrature_sampler as quadrature_sampler
    from eigenscape.networks.rounding import rounding_growth as rounding_growth
    from eigenscape.networks.samplers import function_sampler as function_sampler
    from eigenscape.networks.samplers import loss_sampler as loss_sampler
    from eigenscape.networks.samplers import network_sampler as network_sampler
    from eigenscape.networks.user.networks import module_sampler as module_sampler
    from eigenscape.results import StudyResults as StudyResults
    from eigenscape.results import open_study as open_study

_HOMES = {
    "networks.samplers": ("network_sampler", "loss_sampler", "function_sampler"),
    "networks.quadrature": ("quadrature_sampler",),
    "networks.user.networks": ("module_sampler",),
    "networks.problems": ("Problem", "sine_regression"),
    "networks.priors": ("scaled_normal",),
    "networks.rounding": ("rounding_growth",),
    "architecture": ("Architecture",),
    "active_subspace.estimate": ("second_moment", "SecondMoment"),
    "active_subspace.spectrum": ("Spectrum",),
    "active_subspace.conditioning": ("spectrum", "condition_number", "ConditionEstimate"),
    "active_subspace.subspaces": ("bootstrap_subspaces", "SubspaceBootstrap"),
    "active_subspace.dimension": ("choose_dimension", "DimensionChoice"),
    "active_subspace.layer_statistics": ("active_variables", "ActiveVariables"),
    "active_subspace.projection": ("project", "Projection"),
    "active_subspace.importance": ("layer_masses", "layer_shares", "activity_scores"),
    "results": ("open_study", "StudyResults"),
}
"""Where each name lives; a test sees to it that the imports above, which only type checkers read,
say the same."""

_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}
_MODULES = ("plot", "errors")

__all__ = [
    "network_sampler",
    "loss_sampler",
    "module_sampler",
    "function_sampler",
    "quadrature_sampler",
    "rounding_growth",
    "Problem",
    "sine_regression",
    "scaled_normal",
    "Architecture",
    "second_moment",
    "SecondMoment",
    "spectrum",
    "Spectrum",
    "condition_number",
    "ConditionEstimate",
    "bootstrap_subspaces",
    "SubspaceBootstrap",
    "choose_dimension",
    "DimensionChoice",
    "active_variables",
    "ActiveVariables",
    "project",
    "Projection",
    "layer_masses",
    "layer_shares",
    "activity_scores",
    "open_study",
    "StudyResults",
    "plot",
    "errors",
]


if not TYPE_CHECKING:  # a type checker that sees __getattr__ lets every misspelt name pass

    def __getattr__(name: str) -> Any:
        """A name of the table of contents, imported when it is first used (PEP 562)."""
        if name in _MODULE_OF:
            value = getattr(import_module(f"eigenscape.{_MODULE_OF[name]}"), name)
        elif name in _MODULES:
            value = import_module(f"eigenscape.{name}")
        else:
            raise AttributeError(
                f"module 'eigenscape' has no attribute {name!r}; it has {', '.join(__all__)}"
            )
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
