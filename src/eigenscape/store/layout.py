"""The paths of a study's results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eigenscape.architecture import Architecture
from eigenscape.config.cells import Cell


@dataclass(frozen=True)
class StudyFolder:
    """``results/<study>/`` and the paths inside it.

    Example:
        >>> StudyFolder(Path("results/sine")).table.as_posix()
        'results/sine/tables/condition_number.csv'
    """

    root: Path

    @property
    def study(self) -> Path:
        """Path of the checked configuration, with every default spelled out."""
        return self.root / "study.json"

    def second_moment(self, cell: Cell) -> Path:
        """Path of the store of C."""
        return self.root / cell.folder / "second_moment.zarr"

    def spectrum(self, cell: Cell) -> Path:
        """Path of the store of eigenvalues and eigenvectors."""
        return self.root / cell.folder / "spectrum.zarr"

    def large(self, cell: Cell) -> Path:
        """Path of the results on the spectrum of a network that is too large for C."""
        return self.root / cell.folder / "spectrum.npz"

    def receipt(self, store: Path) -> Path:
        """Path of the receipt of a store: beside the store, and written last."""
        return store.with_suffix(".receipt.json")

    def work(self, cell: Cell) -> Path:
        """Folder of the unfinished work on a cell; unknown to Snakemake, which deletes the outputs
        of failed jobs.
        """
        return self.root / "work" / cell.folder

    def leases(self, cell: Cell) -> Path:
        """Who works on a cell."""
        return self.work(cell) / "claims"

    def shards(self, cell: Cell) -> Path:
        """Folder of the resumable partial sums of a cell."""
        return self.work(cell) / "shards"

    def attempt(self, cell: Cell, attempt: str) -> Path:
        """Folder in which one attempt builds its stores, before they are moved to their final
        path.
        """
        return self.work(cell) / f"attempt-{attempt}"

    @property
    def quarantine(self) -> Path:
        """Folder of results that did not verify, each with the reason; a person may inspect and
        delete them.
        """
        return self.root / "quarantine"

    def ledger(self, *parts: str) -> Path:
        """Path of a note that Snakemake waits for; nothing depends on its content."""
        return (self.root / "ledger").joinpath(*parts).with_suffix(".json")

    def projection(self, architecture: Architecture) -> Path:
        """Path of the projected spectrum of a network of the grid."""
        return self.root / "projection" / f"{architecture.label}.json"

    def expressivity(self, experiment: str) -> Path:
        """Path of the results of one experiment with curves."""
        return self.root / "expressivity" / f"{experiment}.json"

    def clustering(self, network: str) -> Path:
        """Path of the clustering results of one architecture."""
        return self.root / "clustering" / f"{network}.json"

    def clustering_parts(self, network: str) -> Path:
        """Folder of the finished replicas of an unfinished architecture; removed at the end."""
        return self.root / "work" / "clustering" / network

    def sloppiness_theory(self, experiment: str) -> Path:
        """Path of the results of one part of the linear theory of trajectories."""
        return self.root / "sloppiness_theory" / f"{experiment}.json"

    def model_constrained(self, case: str) -> Path:
        """Path of the results of one model-constrained case; its cells lie beside it."""
        return self.root / "model_constrained" / f"{case}.json"

    def trajectories(self, network: str) -> Path:
        """Path of the predictions of one architecture along its training."""
        return self.root / "sloppiness" / "trajectories" / f"{network}.npz"

    @property
    def embedding(self) -> Path:
        """Path of the joint embedding of all trajectories."""
        return self.root / "sloppiness" / "embedding.npz"

    @property
    def table(self) -> Path:
        """Path of the table with one row per network of the grid."""
        return self.root / "tables" / "condition_number.csv"
