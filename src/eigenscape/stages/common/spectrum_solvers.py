"""How the spectrum of a cell is solved: chosen once, as an object that knows its name and solves.

From C on one rank, by one of the dense eigensolvers and the graded route; where there are fewer
samples than parameters, from the gradients, so that nothing of size P x P is held unless the
eigenvectors are asked for; over several ranks, by ScaLAPACK, for second moments that one rank
cannot hold, or would solve for too long. Eigenvalues, status and eigenvectors over ranks are those
of one rank, to rounding. The bracket of the condition number is not: it needs C of the first half
of the samples and triangular solves with C, so there it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from eigenscape.active_subspace import few_samples
from eigenscape.active_subspace.bracket import Bracket, bracket, first_parts, unknown_bracket
from eigenscape.active_subspace.eigensolvers import (
    Eigensolver,
    eigensolver_of_host,
    eigensolver_of_torch,
)
from eigenscape.active_subspace.spectrum import Spectrum, rounding_variance, spectrum_by
from eigenscape.config.study import Study
from eigenscape.distributed.agreement import raise_on_all_ranks
from eigenscape.distributed.eigensolver import (
    DistributedSpectrum,
    diagonal_of,
    distributed_spectrum,
)
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.distributed.scalapack import ProcessGrid, process_grid
from eigenscape.errors import DamagedResult
from eigenscape.networks.sampler import Device, Sampler
from eigenscape.planning.cells import from_gradients
from eigenscape.seeding import stream_key
from eigenscape.stages.common.verified import StoredSecondMoment
from eigenscape.store import second_moments, spectra


@dataclass(frozen=True)
class Solved:
    """A spectrum with what its condition number is worth.

    Attributes:
        spectrum: of C.
        bracket: of its condition number.
        second_moment: digest of C.
        solver: which routines of which library solved it; the last bits are theirs.
    """

    spectrum: Spectrum
    bracket: Bracket
    second_moment: str
    solver: str

    def write(self, path: Path, attributes: dict[str, Any]) -> str:
        """Store the spectrum; its digest."""
        return spectra.write_spectrum(path, self.spectrum, attributes)

    def facts(self, solving: float, _writing: float) -> dict[str, Any]:
        """What the receipt says of how it was solved, given the seconds that it took."""
        vectors = self.spectrum.eigenvectors is not None
        return {"vectors": vectors, "seconds": {"spectrum_and_bracket": round(solving, 3)}}


@dataclass(frozen=True)
class SolvedOverRanks(Solved):
    """A solved spectrum whose eigenvectors are dealt out over the ranks of a grid."""

    dealt: DistributedSpectrum
    grid: ProcessGrid

    def write(self, path: Path, attributes: dict[str, Any]) -> str:
        """Store the spectrum, chunk by chunk; its digest. A collective call."""
        return spectra.write_distributed_spectrum(path, self.dealt, attributes, self.grid.ranks)

    def facts(self, solving: float, writing: float) -> dict[str, Any]:
        """What the receipt says of how it was solved, given the seconds that it took."""
        return {
            "vectors": self.dealt.eigenvectors is not None,
            "ranks": self.grid.ranks.size,
            "grid": [self.grid.lines, self.grid.columns],
            "seconds": {"spectrum": round(solving, 3), "writing": round(writing, 3)},
        }


@dataclass(frozen=True)
class Moments:
    """C of the first N samples of a network, and what its bracket is judged by.

    Attributes:
        samples: N.
        excluded: how many of them do not count.
        whole: C, (P, P), an average over those that count.
        first_half, first_quarter: C of the first N // 2 and N // 4 samples, as `bracket` wants
            them.
    """

    samples: int
    excluded: int
    whole: np.ndarray
    first_half: np.ndarray
    first_quarter: np.ndarray | None


class SpectrumSolver(Protocol):
    """Solves for the spectrum of a cell whose second moment is stored; a collective call.

    Attributes:
        name: which routines of which library, for receipts.
    """

    @property
    def name(self) -> str:
        """Which routines of which library, for receipts."""

    def solve(
        self, study: Study, sampler: Sampler, samples: int, stored: StoredSecondMoment
    ) -> Solved:
        """The spectrum and its bracket.

        Args:
            study: the configuration.
            sampler: of the cell.
            samples: N.
            stored: C.

        Raises:
            DamagedResult: C is not what its receipt confirms; on every rank.
            EigensolverFailure: C has no trustworthy spectrum.
        """


@contextmanager
def spectrum_solver(
    samples: int, parameters: int, ranks: Ranks, *, vectors: bool, device: Device = Device.CPU
) -> Iterator[SpectrumSolver]:
    """The solver that fits N samples, P parameters and the ranks that there are; a collective call.

    Raises:
        BadInput: there are several ranks, and no ScaLAPACK that fits the MPI library.
    """
    if ranks.size > 1:
        with process_grid(ranks) as grid:
            yield OverRanks(grid, vectors)
    elif from_gradients(samples, parameters):
        yield FromGradients(vectors)
    elif device is Device.CPU:
        yield FromSecondMoment(eigensolver_of_host(parameters, vectors=vectors))
    else:
        name = "cuda" if device is Device.CUDA else "cpu"
        yield FromSecondMoment(eigensolver_of_torch(name, vectors=vectors))


@dataclass(frozen=True)
class FromSecondMoment:
    """C as a whole, by a dense eigensolver, and where that does not resolve it by the graded
    route.
    """

    eigensolver: Eigensolver

    @property
    def name(self) -> str:
        """That of the dense eigensolver."""
        return self.eigensolver.name

    def solve(
        self, study: Study, sampler: Sampler, samples: int, stored: StoredSecondMoment
    ) -> Solved:
        """See `SpectrumSolver`."""
        whole, receipt = stored.matrix(), stored.receipt
        quarter, half = first_parts(sampler, samples)
        moments = Moments(samples, receipt.excluded, whole, half, quarter)
        return Solved(*self.solve_moments(study, sampler, moments), receipt.digest, self.name)

    def solve_moments(
        self, study: Study, sampler: Sampler, moments: Moments
    ) -> tuple[Spectrum, Bracket]:
        """The spectrum and its bracket of second moments that are at hand, given their sampler."""
        architecture, counted = sampler.architecture, moments.samples - moments.excluded
        dust = rounding_variance(np.diagonal(moments.whole), architecture, sampler.relative_noise)
        spectrum = spectrum_by(self.eigensolver, moments.whole, samples=counted, dust=dust)
        found = bracket(
            sampler,
            moments.samples,
            moments.whole,
            moments.first_half,
            spectrum.log10_condition,
            first_quarter=moments.first_quarter,
            replicates=study.projection.replicates,
            key=stream_key(study.sampling.seed, "bracket bootstrap", *architecture.sizes),
            excluded=moments.excluded,
        )
        return spectrum, found


@dataclass(frozen=True)
class FromGradients:
    """Fewer gradients than parameters, computed once more. What C's receipt confirms is verified
    all the same, chunk by chunk, and diag C is read.
    """

    vectors: bool
    name: str = few_samples.SOLVER

    def solve(
        self, study: Study, sampler: Sampler, samples: int, stored: StoredSecondMoment
    ) -> Solved:
        """See `SpectrumSolver`."""
        path, architecture, one = stored.path, sampler.architecture, OneRank()
        if damage := second_moments.verify(path, stored.receipt, architecture.parameters, one):
            raise DamagedResult(f"{path}: {damage}; delete {path.parent} and run again")
        diagonal = diagonal_of(stored.chunks(), architecture.parameters, one)
        dust = rounding_variance(diagonal, architecture, sampler.relative_noise)
        spectrum = few_samples.few_samples_spectrum(
            sampler, samples, diagonal, dust, vectors=self.vectors
        )
        known = unknown_bracket(spectrum.log10_condition)
        return Solved(spectrum, known, stored.receipt.digest, self.name)


@dataclass(frozen=True)
class OverRanks:
    """C dealt out over all ranks, none of which holds it whole."""

    grid: ProcessGrid
    vectors: bool

    @property
    def name(self) -> str:
        """ScaLAPACK's driver."""
        return f"{'pdsyevd' if self.vectors else 'pdsyev'} (ScaLAPACK)"

    def solve(
        self, study: Study, sampler: Sampler, samples: int, stored: StoredSecondMoment
    ) -> Solved:
        """See `SpectrumSolver`."""
        ranks, architecture = self.grid.ranks, sampler.architecture
        chunks = raise_on_all_ranks(ranks, stored.chunks)
        diagonal = diagonal_of(chunks, architecture.parameters, ranks)
        dealt = distributed_spectrum(
            chunks,
            architecture.parameters,
            self.grid,
            diagonal,
            vectors=self.vectors,
            samples=samples - stored.receipt.excluded,
            dust=rounding_variance(diagonal, architecture, sampler.relative_noise),
        )
        known = unknown_bracket(dealt.spectrum.log10_condition)
        digest = stored.receipt.digest
        return SolvedOverRanks(dealt.spectrum, known, digest, self.name, dealt, self.grid)
