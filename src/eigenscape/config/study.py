"""A study: what is computed, as one typed model. No threads, no paths, no machines.

The model is the single source of the configuration: its defaults, their sources and the checks;
`config.files` writes the JSON schema and ``config.yaml`` from it. A `Study` knows its
cells; a `Cell` knows the identity of its work, the facts that decide every bit of its result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema

from eigenscape.architecture import Architecture, ModuleArchitecture
from eigenscape.config.base import Section
from eigenscape.config.cells import (
    CellStatus,
    GridCell,
    Growth,
    HeadlineCell,
    ModelConstrainedCell,
    StudyCell,
)
from eigenscape.config.clustering import ClusteringSection
from eigenscape.config.expressivity import ExpressivitySection
from eigenscape.config.large import LargeSection
from eigenscape.config.messages import one_line
from eigenscape.config.model_constrained import ModelConstrainedSection
from eigenscape.config.sampling import (
    CriticalitySection,
    GridSection,
    HeadlineSection,
    NetworkSection,
    PriorSection,
    ProblemSection,
    ProjectionSection,
    SamplingSection,
    TrainingSection,
)
from eigenscape.config.sloppiness import SloppinessSection
from eigenscape.config.user_problem import ResolvedProblem
from eigenscape.errors import BadInput

MOST_PROJECTED_NUMBERS = 2**27
"""Largest size of a projection of a study on a user's data, which holds a block of at most (inputs
+ outputs + 1)^2 numbers for every sample, here 1 GB."""


class Study(Section):
    """The whole configuration.

    Example:
        >>> study = Study()
        >>> study.headline_cell.architecture.parameters, study.headline_cell.samples
        (5146, 10000)
        >>> len(list(study.grid_architectures()))
        300
    """

    study: str = Field(
        "sine",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        json_schema_extra={"fix": "write study: my-study (letters, digits, '.', '_' and '-')"},
    )
    """Name of the study and of its folder under results/."""

    problem: ProblemSection = ProblemSection()
    network: NetworkSection = NetworkSection()
    prior: PriorSection = PriorSection()
    grid: GridSection = GridSection()
    headline: HeadlineSection = HeadlineSection()
    sampling: SamplingSection = SamplingSection()
    projection: ProjectionSection = ProjectionSection()
    criticality: CriticalitySection = CriticalitySection()
    training: TrainingSection = TrainingSection()
    expressivity: ExpressivitySection = ExpressivitySection()
    clustering: ClusteringSection = ClusteringSection()
    sloppiness: SloppinessSection = SloppinessSection()
    model_constrained: ModelConstrainedSection = ModelConstrainedSection()
    large: LargeSection = LargeSection()
    resolved: SkipJsonSchema[ResolvedProblem | None] = Field(None, alias="found", exclude=True)
    """What a user's file and networks turned out to be. `stages.common.user_problems` resolves it;
    ``study.json`` keeps it under its alias."""

    @model_validator(mode="after")
    def _prior_fits_the_problem(self) -> Self:
        kind, prior = self.problem.kind, self.prior
        if kind != "module" and (prior.kind == "around" or prior.by_name):
            key = "kind" if prior.kind == "around" else "by_name"
            raise BadInput.field(
                f"prior.{key}",
                f"a prior by layer for kind {kind}",
                str(getattr(prior, key)),
                "write prior: {kind: standard_normal}",
            )
        if (prior.kind == "around") != (prior.checkpoint is not None):
            raise BadInput.field(
                "prior.checkpoint",
                "a file written by torch.save"
                if prior.kind == "around"
                else f"nothing for kind {prior.kind}",
                repr(prior.checkpoint),
                "write prior: {kind: around, checkpoint: trained.pt}",
            )
        return self

    @model_validator(mode="after")
    def _some_cell_is_computed(self) -> Self:
        if self.problem.is_user_defined and self.resolved is None:
            return self  # P is not known before the user's file and networks have been looked at
        smallest = min(architecture.parameters for architecture in self.grid_architectures())
        if smallest > self.sampling.raw_parameter_limit:
            raise BadInput.field(
                "sampling.raw_parameter_limit",
                f"at least {smallest} (the smallest P of the grid)",
                str(self.sampling.raw_parameter_limit),
                "raise the limit or add smaller networks to the grid",
            )
        return self

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Study:
        """Check a configuration as it was read.

        Raises:
            BadInput: one line that names the first offending field, what was expected, what was
                found and what to write instead.

        Example:
            >>> Study.from_mapping({"grid": {"dept": [1, 2]}})
            Traceback (most recent call last):
            eigenscape.errors.BadInput: grid.dept: expected one of depth, width, found an
            unknown key; did you mean depth?
        """
        if not isinstance(mapping, Mapping):
            raise BadInput.field(
                "configuration",
                "sections such as grid and sampling",
                repr(mapping),
                "see config.yaml for an example",
            )
        try:
            return cls.model_validate(dict(mapping))
        except ValidationError as error:
            raise BadInput(one_line(error, cls)) from None

    @property
    def facts(self) -> dict[str, Any]:
        """What every cell's identity has in common.

        Of a user's file the content counts, not its name or path.
        """
        problem, prior = self.problem.model_dump(), self.prior.model_dump()
        own = (
            ("inputs", "targets")
            if self.problem.kind == "data"
            else ("inputs", "targets", "module")
        )
        kept = ("interval", "points") if not self.problem.is_user_defined else own
        user_facts = {} if self.resolved is None else self.resolved.facts(self.problem.kind)
        of_module = (
            ("kind", "by_name", "scale", "relative") if self.problem.kind == "module" else ("kind",)
        )
        return {
            "problem": {name: problem[name] for name in ("kind", "loss", *kept)} | user_facts,
            "activation": self.network.activation,
            "prior": {name: prior[name] for name in of_module},
            "seed": self.sampling.seed,
            "precision": self.sampling.precision,
            "non_finite": self.sampling.non_finite,
        }

    def architecture(self, depth: int, width: int) -> Architecture:
        """The network of a depth and a width: fully connected with the inputs and outputs of the
        data, or a user's module.

        Raises:
            BadInput: the user's file and networks have not been looked at.
        """
        if not self.problem.is_user_defined:
            return Architecture(depth, width)
        if self.resolved is None:
            raise BadInput.field(
                "problem.kind",
                "sine, before files are looked at",
                self.problem.kind,
                "read the study with stages.common.configure.read_study",
            )
        if self.problem.kind == "data":
            return Architecture(depth, width, self.resolved.inputs, self.resolved.outputs)
        network = self.resolved.network(depth, width)
        return ModuleArchitecture(
            depth,
            width,
            names=tuple(network.names),
            counts=tuple(network.counts),
            point_flops=network.point_flops,
        )

    def _facts_of(self, architecture: Architecture) -> dict[str, Any]:
        """The facts of one network: those of the study, and what a user's module keeps fixed."""
        if not isinstance(architecture, ModuleArchitecture) or self.resolved is None:
            return self.facts
        return {
            **self.facts,
            "state": self.resolved.network(architecture.depth, architecture.width).state,
        }

    def grid_architectures(self) -> Iterator[Architecture]:
        """Every network of the grid, width by width, depth within."""
        for width in self.grid.width:
            for depth in self.grid.depth:
                yield self.architecture(depth, width)

    def projected_architectures(self) -> list[Architecture]:
        """Every network that is projected: the grid, and the headline where it stands outside.

        None of a user's modules, which have no known symmetry, nor where data with many inputs make
        blocks that memory does not hold.
        """
        if self.problem.kind == "module":
            return []
        if (
            self.resolved is not None
            and self.projection.samples * (self.resolved.inputs + self.resolved.outputs + 1) ** 2
            > MOST_PROJECTED_NUMBERS
        ):
            return []
        headline = self.architecture(self.headline.depth, self.headline.width)
        grid = list(self.grid_architectures())
        return grid if headline in grid else [*grid, headline]

    def most_projected_samples(self, architecture: Architecture) -> int:
        """The largest N that the projection of a network may come to: within its section's budget,
        and within what memory holds of blocks of many inputs.
        """
        size = architecture.inputs + architecture.outputs + 1
        most = self.projection.most_samples_of(architecture.parameters)
        return max(self.projection.samples, min(most, MOST_PROJECTED_NUMBERS // size**2))

    def trained_architectures(self) -> list[Architecture]:
        """The networks of the grid that are trained, on the sine; none where the two have nothing
        in common.
        """
        if self.problem.is_user_defined:
            return []
        return [
            a
            for a in self.grid_architectures()
            if a.depth in self.training.depth and a.width in self.training.width
        ]

    def status(self, architecture: Architecture) -> CellStatus:
        """Whether the raw condition number of this network is computed."""
        over = architecture.parameters > self.sampling.raw_parameter_limit
        return CellStatus.OVER_LIMIT if over else CellStatus.COMPUTED

    def grid_cell(self, architecture: Architecture) -> GridCell:
        """The cell of the map, with N = samples_per_parameter P."""
        samples = self.sampling.samples_per_parameter * architecture.parameters
        growth = None
        if self.sampling.until_bracket is not None:
            growth = Growth(
                self.sampling.until_bracket,
                self.sampling.most_samples_per_parameter * architecture.parameters,
            )
        return GridCell(
            architecture,
            samples,
            f"cells/{architecture.label}",
            self._facts_of(architecture),
            growth,
        )

    def computed_cells(self) -> list[GridCell]:
        """The cells of the map that get a raw condition number, in the order of the grid."""
        return [
            self.grid_cell(a)
            for a in self.grid_architectures()
            if self.status(a) is CellStatus.COMPUTED
        ]

    @property
    def headline_cell(self) -> HeadlineCell:
        """The headline network with its own N; kept apart from the map, whose N/P differs."""
        architecture = self.architecture(self.headline.depth, self.headline.width)
        folder = f"headline/{architecture.label}-n{self.headline.samples}"
        return HeadlineCell(
            architecture, self.headline.samples, folder, self._facts_of(architecture)
        )

    def model_constrained_cells(self, case: str) -> list[ModelConstrainedCell]:
        """One cell for every weight alpha of a model-constrained case, which share their parameter
        vectors.

        Example:
            >>> [cell.folder for cell in Study().model_constrained_cells("burgers-mctangent")][:2]
            ['model_constrained/burgers-mctangent-a0', 'model_constrained/burgers-mctangent-a0p1']
        """
        section = self.model_constrained
        architecture = section.architecture_of(case)
        common = {
            name: self.facts[name] for name in ("activation", "seed", "precision", "non_finite")
        }
        facts = {
            "prior": {"kind": section.prior},
            **section.settings_of(case),
            **common,
        }
        samples = section.samples_per_parameter * architecture.parameters
        return [
            ModelConstrainedCell(
                architecture,
                samples,
                f"model_constrained/{case}-a{alpha:g}".replace(".", "p"),
                facts,
                case=case,
                alpha=alpha,
            )
            for alpha in section.alpha
        ]

    def cell(self, folder: str) -> StudyCell:
        """The cell that lives in ``folder``.

        Raises:
            BadInput: no computed cell of the study lives there.
        """
        if folder == self.headline_cell.folder:
            return self.headline_cell
        constrained = [
            cell
            for case in self.model_constrained.computed
            for cell in self.model_constrained_cells(case)
        ]
        others: list[StudyCell] = [*self.computed_cells(), *constrained]
        for cell in others:
            if cell.folder == folder:
                return cell
        known = ", ".join(
            [self.headline_cell.folder, *(cell.folder for cell in self.computed_cells())][:4]
        )
        raise BadInput.field(
            "cell",
            f"a computed cell of the study, such as {known}",
            folder,
            "see `eigenscape plan` for all of them",
        )
