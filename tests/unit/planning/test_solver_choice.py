"""One rank where it fits; more where memory or LAPACK's counting says so; and a message where
nothing fits.
"""

import numpy as np
import psutil
import pytest
from builders import sampler
from scipy.linalg import lapack

from eigenscape.active_subspace import few_samples
from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.errors import BadInput, DoesNotFit, EigensolverFailure
from eigenscape.planning.batches import costs_of
from eigenscape.planning.solver_choice import (
    INTERPRETER_BYTES,
    LARGEST_WITH_VECTORS,
    MEMORY_VARIABLE,
    choose_solver,
    node_memory,
)

GB = 10**9


def study_of(depth: int, width: int) -> Study:
    """With as many samples as parameters: with fewer, one rank would solve the gradients."""
    samples = Architecture(depth, width).parameters
    return Study.from_mapping({"headline": {"depth": depth, "width": width, "samples": samples}})


def test_every_cell_of_the_default_study_is_solved_on_one_rank_of_a_small_machine() -> None:
    study = Study()
    for cost in costs_of(study):
        assert (
            choose_solver(
                study, cost.cell, vectors=cost.cell == study.headline_cell, memory=2 * GB, ranks=2
            ).ranks
            == 1
        )


def test_a_matrix_that_one_rank_cannot_hold_is_shared() -> None:
    # P = 23,026: C takes 4.24 GB, an eigensolve up to six times that on one rank
    study = study_of(5, 75)
    choice = choose_solver(
        study, study.headline_cell, vectors=False, memory=16 * GB, ranks=2, memory_per_rank=8 * GB
    )
    assert study.headline_cell.architecture.parameters == 23_026
    assert choice.distributed
    assert choice.ranks == 2
    # by hand: half of C, six chunks of 8 MB, 64 vectors and 256 rows of 0.2 MB, 17 MB of libraries:
    # 0.13 GB
    assert 0 < choice.memory - INTERPRETER_BYTES - 8 * 23_026**2 / 2 < 0.13 * GB
    assert "one rank would need 25.9 GB of 16.0 GB; 2 ranks need 2.6 GB each" in choice.reason


def test_more_parameters_than_lapack_counts_are_shared_however_much_memory_there_is() -> None:
    study = study_of(5, 90)  # P = 33,031
    choice = choose_solver(study, study.headline_cell, vectors=True, memory=1000 * GB, ranks=4)
    assert choice.ranks == 4
    assert "LAPACK counts no more than 32,766 parameters" in choice.reason


def test_where_nothing_fits_the_message_says_how_many_ranks_would() -> None:
    study = study_of(5, 75)
    cell = study.headline_cell
    with pytest.raises(
        DoesNotFit,
        match=(
            r"memory: expected 2\.6 GB on each of 2 ranks, found 1\.5 GB; start 5 ranks or more of"
            r" that size$"
        ),
    ):
        choose_solver(
            study, cell, vectors=False, memory=3 * GB, ranks=2, memory_per_rank=3 * GB // 2
        )
    # by hand: C is 4.24 GB, and beside the interpreter and chunks about 1 GB is left of 1.5 GB
    assert (
        choose_solver(
            study, cell, vectors=False, memory=3 * GB, ranks=5, memory_per_rank=3 * GB // 2
        ).ranks
        == 5
    )
    with pytest.raises(DoesNotFit, match="start 2 ranks or more"):
        choose_solver(study, cell, vectors=False, memory=3 * GB, ranks=1)
    with pytest.raises(DoesNotFit, match=r"lower sampling\.raw_parameter_limit"):
        choose_solver(study, cell, vectors=False, memory=GB // 10, ranks=1)


def test_fewer_samples_than_parameters_are_solved_on_one_rank_by_what_n_needs() -> None:
    """P = 33,031: C takes 8.7 GB, and LAPACK does not count so far; 1,000 gradients take 0.3 GB."""
    study = Study.from_mapping({"headline": {"depth": 5, "width": 90, "samples": 1000}})
    choice = choose_solver(study, study.headline_cell, vectors=False, memory=2 * GB, ranks=4)
    assert not choice.distributed
    assert 8 * 1000 * 33_031 < choice.memory - INTERPRETER_BYTES < 2 * 8 * 1000 * 33_031
    assert (
        choice.reason
        == "P = 33,031, N = 1,000 gradients in place of C: one rank needs 0.8 GB of 2.0 GB"
    )


def test_vectors_of_more_gradients_than_lapack_counts_are_shared() -> None:
    """P = 44,836; dgesdd's own answer to what work space it wants is negative from N = 23,170
    on.
    """
    most, sizes = LARGEST_WITH_VECTORS[0], (5, 105)
    parameters = Architecture(*sizes).parameters
    for samples, distributed in ((most, False), (most + 1, True)):
        study = Study.from_mapping(
            {"headline": {"depth": sizes[0], "width": sizes[1], "samples": samples}}
        )
        work, _ = lapack.dgesdd_lwork(samples, parameters, compute_uv=1, full_matrices=1)
        choice = choose_solver(study, study.headline_cell, vectors=True, memory=1000 * GB, ranks=4)
        assert choice.distributed == distributed == (work < 0)
    assert "no more than 23,169 gradients of 46,340 parameters" in choice.reason
    with pytest.raises(
        EigensolverFailure,
        match=r"expected at most 23,169 gradients of 46,340 parameters, found 23,170 of 1;",
    ):
        few_samples.few_samples_spectrum(
            sampler(Architecture(1, 1)), most + 1, np.zeros(1), np.zeros(1), vectors=True
        )


def test_the_memory_of_a_node_is_this_machines_unless_said_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(MEMORY_VARIABLE, raising=False)
    assert node_memory() == psutil.virtual_memory().total
    monkeypatch.setenv(MEMORY_VARIABLE, "256")
    assert node_memory() == 256 * GB
    for wrong in ("-3", "many", "nan"):
        monkeypatch.setenv(MEMORY_VARIABLE, wrong)
        with pytest.raises(BadInput, match="expected gigabytes"):
            node_memory()
