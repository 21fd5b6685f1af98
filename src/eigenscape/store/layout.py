"""Where the results of a study lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eigenscape.architecture import Architecture
from eigenscape.config.study import Cell


@dataclass(frozen=True)
class StudyFolder:
    """``results/<study>/`` and what is in it.

    Example:
        >>> StudyFolder(Path("results/sine")).table.as_posix()
        'results/sine/tables/condition_number.csv'
    """

    root: Path

    @property
    def study(self) -> Path:
        """The checked configuration, with every default spelled out."""
        return self.root / "study.json"

    def second_moment(self, cell: Cell) -> Path:
        """The store of C."""
        return self.root / cell.folder / "second_moment.zarr"

    def spectrum(self, cell: Cell) -> Path:
        """The store of eigenvalues and eigenvectors."""
        return self.root / cell.folder / "spectrum.zarr"

    def large(self, cell: Cell) -> Path:
        """What is known of the spectrum of a network that is too large for C."""
        return self.root / cell.folder / "spectrum.npz"

    def receipt(self, store: Path) -> Path:
        """The receipt of a store lies beside it and is written last."""
        return store.with_suffix(".receipt.json")

    def work(self, cell: Cell) -> Path:
        """Everything unfinished of a cell; unknown to Snakemake, which deletes what it knows of
        failed jobs.
        """
        return self.root / "work" / cell.folder

    def claims(self, cell: Cell) -> Path:
        """Who works on a cell."""
        return self.work(cell) / "claims"

    def shards(self, cell: Cell) -> Path:
        """Resumable partial sums of a cell."""
        return self.work(cell) / "shards"

    def attempt(self, cell: Cell, attempt: str) -> Path:
        """Where one attempt builds its stores, before they move to their place whole."""
        return self.work(cell) / f"attempt-{attempt}"

    @property
    def quarantine(self) -> Path:
        """What did not verify, each with the reason; for a person to look at and delete."""
        return self.root / "quarantine"

    def ledger(self, *parts: str) -> Path:
        """A note that Snakemake waits for; it can be lost."""
        return (self.root / "ledger").joinpath(*parts).with_suffix(".json")

    def projection(self, architecture: Architecture) -> Path:
        """The projected spectrum of a network of the grid."""
        return self.root / "projection" / f"{architecture.label}.json"

    def expressivity(self, experiment: str) -> Path:
        """The numbers of one experiment with curves."""
        return self.root / "expressivity" / f"{experiment}.json"

    def clustering(self, network: str) -> Path:
        """What the layers of one architecture hold."""
        return self.root / "clustering" / f"{network}.json"

    def clustering_parts(self, network: str) -> Path:
        """Finished replicas of an architecture that is under way; gone once it is done."""
        return self.root / "work" / "clustering" / network

    def sloppiness_theory(self, experiment: str) -> Path:
        """The numbers of one part of the linear theory of trajectories."""
        return self.root / "sloppiness_theory" / f"{experiment}.json"

    def model_constrained(self, case: str) -> Path:
        """What the weight of a model changes, of one case; its cells lie beside it."""
        return self.root / "model_constrained" / f"{case}.json"

    def trajectories(self, network: str) -> Path:
        """Predictions of one architecture along its training."""
        return self.root / "sloppiness" / "trajectories" / f"{network}.npz"

    @property
    def embedding(self) -> Path:
        """All trajectories, embedded."""
        return self.root / "sloppiness" / "embedding.npz"

    @property
    def table(self) -> Path:
        """A row per network of the grid."""
        return self.root / "tables" / "condition_number.csv"
