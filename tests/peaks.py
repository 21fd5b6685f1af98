"""What stages hold at their peak, measured: the growth of the process as the kernel counts it,
stage after stage in one interpreter.

Arrays of torch, of LAPACK's own and of matplotlib's canvas are no objects of Python, so what
Python's own account (tracemalloc) sees is not enough. Linux forgets the peak of a process that
writes 5 into its /proc/self/clear_refs; and with a fixed threshold every array above it is a
mapping of its own, which goes back at once, so nothing that was freed hides what comes after.

    python tests/peaks.py linear      one family of stages, a line of JSON a stage: name, what the
                                      plan says, what was held
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SETTINGS = {
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MALLOC_ARENA_MAX": "1",
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def measured(family: str) -> dict[str, tuple[int, int]]:
    """By stage of a family: bytes by the plan, and bytes at the peak, from an interpreter of its
    own.
    """
    environment = os.environ | SETTINGS | dict.fromkeys(THREADS, "1")
    run = subprocess.run(
        [sys.executable, __file__, family],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env=environment,
    )
    if run.returncode:
        raise RuntimeError(run.stderr)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return {line["stage"]: (line["planned"], line["peak"]) for line in lines}


def allocated(work: Callable[[], Any]) -> int:
    """Bytes that Python and numpy allocate while something works, at their peak; the same every
    time, or nearly.
    """
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def grown(work: Callable[[], Any]) -> int:
    """Bytes by which this process grows while it works."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    work()
    return _status("VmHWM") - before


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(name))


Found = Iterator[tuple[str, int, Callable[[], Any]]]

"""Name of a stage, bytes by the plan, and what runs it."""


def study_of(**sections: Any) -> Any:
    """P = 726 unless told otherwise; the sciences that are not asked for are left out."""
    from eigenscape.config.study import Study

    mapping: dict[str, Any] = {
        "study": "peaks",
        "problem": {"points": 12},
        "grid": {"depth": [2], "width": [25]},
        "headline": {"depth": 2, "width": 25, "samples": 800},
        "projection": {"samples": 1000, "replicates": 20},
        "large": {"depth": []},
        **{
            name: {"enabled": False}
            for name in ("expressivity", "clustering", "sloppiness", "model_constrained")
        },
    }
    for section, keys in sections.items():
        mapping[section] = {**mapping.get(section, {}), **keys}
    return Study.from_mapping(mapping)


def linear(root: Path) -> Found:
    """Second moments, spectra and what is made of them."""
    from eigenscape.forecast import jobs
    from eigenscape.planning import batches as planning
    from eigenscape.planning import cells
    from eigenscape.planning.work import Work
    from eigenscape.stages.active_subspace import importance
    from eigenscape.stages.active_subspace.cells import compute_cells
    from eigenscape.stages.common.execution import Execution
    from eigenscape.stages.common.second_moment import compute_second_moment
    from eigenscape.stages.common.spectrum import compute_spectrum
    from eigenscape.store.layout import StudyFolder

    quiet = Execution(quiet=True)

    def of(name: str, study: Any, *, vectors: bool) -> Found:
        cell, folder = study.headline_cell, StudyFolder(root / name)
        moment, spectrum = (
            cells.second_moment(cell, study.problem.points),
            cells.spectrum(cell, study, vectors=vectors),
        )
        yield (
            f"second moment, {name}",
            moment.memory,
            lambda: compute_second_moment(study, cell, folder, execution=quiet),
        )
        yield (
            f"spectrum, {name}",
            spectrum.memory,
            lambda: compute_spectrum(study, cell, folder, vectors=vectors),
        )

    tiny = study_of(headline={"width": 4, "samples": 200})
    folder = StudyFolder(root / "tiny")
    # code is compiled before anything is measured
    compute_second_moment(tiny, tiny.headline_cell, folder, execution=quiet)
    compute_spectrum(tiny, tiny.headline_cell, folder, vectors=True)
    importance.headline_importance(tiny, folder)

    yield from of("bracketed", study_of(headline={"samples": 2960}), vectors=False)
    yield from of("graded", study_of(prior={"kind": "lecun_normal"}), vectors=False)
    yield from of("of many bands", study_of(headline={"width": 40, "samples": 1800}), vectors=False)
    plain, folder = study_of(), StudyFolder(root / "with vectors")
    yield from of("with vectors", plain, vectors=True)
    yield (
        "importance",
        jobs.importance(plain).memory,
        lambda: importance.headline_importance(plain, folder),
    )
    few, other = (
        study_of(headline={"depth": 3, "samples": 300}),
        StudyFolder(root / "fewer samples"),
    )
    yield from of("fewer samples", few, vectors=True)
    yield (
        "importance, fewer samples",
        jobs.importance(few).memory,
        lambda: importance.headline_importance(few, other),
    )
    batch = study_of(grid={"depth": [2], "width": [24, 25]}, sampling={"samples_per_parameter": 4})
    work = sum(
        (planning.cost_of(batch, cell, vectors=False).work for cell in batch.computed_cells()),
        Work(),
    )
    yield (
        "cells",
        work.memory,
        lambda: compute_cells(batch, batch.computed_cells(), StudyFolder(root / "cells"), quiet),
    )


def walks(root: Path) -> Found:
    """Stages without C: walks over gradients, and curves."""
    from eigenscape.architecture import Architecture
    from eigenscape.forecast import expressivity, jobs
    from eigenscape.planning import memory
    from eigenscape.stages.active_subspace import importance, second_moment_kinds
    from eigenscape.stages.active_subspace.projection import project_networks
    from eigenscape.stages.active_subspace.sensitivity import Sweep, compute_sensitivity
    from eigenscape.stages.expressivity.experiments import run_experiment
    from eigenscape.store.layout import StudyFolder

    def swept(study: Any, architecture: Architecture) -> Callable[[], Any]:
        sweep = Sweep(("[0, 1]",), (5,), ("standard_normal",), ("relu",))
        study_folder = StudyFolder(root / f"swept {architecture.label}")
        size = architecture.depth, architecture.width, 260, 20
        return lambda: compute_sensitivity(study, study_folder, *size, sweep, quiet=True)

    relu = study_of(
        network={"activation": "relu"},
        grid={"depth": [6], "width": [40]},
        sampling={"raw_parameter_limit": 10_000},
    )
    tiny = study_of(
        criticality={"depth": 3, "width": 2, "samples": 20, "weight_std": [1.0]},
        projection={"samples": 20},
    )
    project_networks(tiny, [Architecture(2, 3)], StudyFolder(root / "tiny"), quiet=True)
    importance.criticality_table(tiny, StudyFolder(root / "tiny"))
    swept(tiny, Architecture(2, 3))()
    second_moment_kinds.kinds_table(tiny, 1, 2, 20)
    small = {
        "depth": 2,
        "width": [4],
        "networks": 2,
        "relu_weight_std": [0.1],
        "hard_tanh_weight_std": [1.0],
        "bias_std": [0.0],
    }
    run_experiment(
        study_of(expressivity={"enabled": True, "growth": small}),
        StudyFolder(root / "tiny"),
        "growth",
    )

    network = relu.projected_architectures()[0]
    yield (
        "projection",
        jobs.projection(relu, network).memory,
        lambda: project_networks(relu, [network], StudyFolder(root), quiet=True),
    )
    wide = study_of(criticality={"depth": 10, "width": 30, "samples": 300, "weight_std": [1.0]})
    yield (
        "criticality",
        jobs.criticality(wide).memory,
        lambda: importance.criticality_table(wide, StudyFolder(root)),
    )
    deep = Architecture(5, 40)
    yield "sensitivity", memory.sensitivity(deep, 260, 20), swept(relu, deep)
    kinds = Architecture(3, 10)
    yield (
        "second-moment kinds",
        memory.kinds(kinds),
        lambda: second_moment_kinds.kinds_table(study_of(problem={"points": 50}), 3, 10, 200),
    )
    steep = small | {"depth": 5, "width": [48], "hard_tanh_weight_std": [4.0]}
    curved = study_of(expressivity={"enabled": True, "growth": steep})
    yield (
        "expressivity",
        expressivity.experiments(curved)["growth"].memory,
        lambda: run_experiment(curved, StudyFolder(root), "growth"),
    )


def trained(root: Path) -> Found:
    """Stages that run through torch."""
    from eigenscape.architecture import Architecture
    from eigenscape.catalogue import draw_figures
    from eigenscape.distributed.ranks import OneRank
    from eigenscape.forecast import clustering, expressivity, sloppiness, sloppiness_theory
    from eigenscape.planning import memory, model_constrained
    from eigenscape.stages.active_subspace.projection import project_networks
    from eigenscape.stages.active_subspace.training import TrainingPlan, train_networks
    from eigenscape.stages.clustering.networks import compute_clustering
    from eigenscape.stages.common.execution import Execution
    from eigenscape.stages.common.second_moment import compute_second_moment
    from eigenscape.stages.common.spectrum import compute_spectrum
    from eigenscape.stages.expressivity.experiments import run_experiment
    from eigenscape.stages.model_constrained.cases import compute_model_constrained
    from eigenscape.stages.sloppiness.inpca import compute_inpca
    from eigenscape.stages.sloppiness.theory import run_theory
    from eigenscape.stages.sloppiness.trajectories import compute_trajectories
    from eigenscape.store.layout import StudyFolder

    def training(width: int, replicas: int) -> Callable[[], Any]:
        plan = TrainingPlan(
            depth=(2,), width=(width,), replicas=replicas, most_steps=2, step_grid=(0.01,)
        )
        return lambda: train_networks(
            study_of(grid={"depth": [2], "width": [width]}),
            StudyFolder(root / str(width)),
            plan,
            quiet=True,
        )

    def digits(width: int, runs: int) -> Any:
        once = {
            "one_layer_weight_variance": [2.0],
            "one_layer_epochs": 1,
            "length_epochs": 1,
            "length_weight_variance": [2.0],
            "measured": 1,
        }
        return study_of(
            expressivity={
                "enabled": True,
                "digits": (
                    once | {"width": width, "runs": runs, "one_layer_depth": 4, "length_depth": 2}
                ),
            }
        )

    def clustered(width: int, seeds: int) -> Any:
        one = {
            "enabled": True,
            "depth": [2],
            "width": [width],
            "channels": None,
            "epochs": [0, 1],
            "seeds": seeds,
            "shuffled_twin": False,
        }
        return study_of(clustering=one | {"inputs_per_class": 10, "permutations": 20})

    def ensemble(seeds: int, checkpoints: int, inputs: int) -> Any:
        one = {
            "powers": [1.0],
            "depth": [1],
            "width": [16],
            "channels": None,
            "seeds": seeds,
            "checkpoints": checkpoints,
            "steps": 90,
        }
        return study_of(
            sloppiness={
                "enabled": True,
                "ensemble": one | {"inputs_per_class": inputs, "replicates": 20},
            }
        )

    def kernel(train: int, test: int) -> Any:
        part = {
            "kernels": ["ntk"],
            "train": train,
            "test": test,
            "start": [0.1],
            "steps": [10],
            "width": 30,
            "depth": 2,
        }
        return study_of(sloppiness={"enabled": True, "kernel": part})

    def constrained(width: int, **more: Any) -> Any:
        one = {
            "enabled": True,
            "cases": ["deconvolution-tnet"],
            "alpha": [0.0, 1.0],
            "depth": 1,
            "width": width,
            "training_steps": 2,
        }
        return study_of(model_constrained=one | {"samples_per_parameter": 2, "replicas": 2} | more)

    def in_study(study: Any, name: str, stage: Callable[..., Any], *rest: Any) -> Callable[[], Any]:
        return lambda: stage(study, StudyFolder(root / name), *rest)

    def drawn(name: str, width: int) -> tuple[Any, Callable[[], Any]]:
        study, folder = study_of(headline={"width": width}), StudyFolder(root / name)
        compute_second_moment(study, study.headline_cell, folder, execution=Execution(quiet=True))
        compute_spectrum(study, study.headline_cell, folder, vectors=True)
        project_networks(study, [study.headline_cell.architecture], folder, quiet=True)
        return study, lambda: draw_figures(["eigenvectors"], study, folder, root / name / "figures")

    training(4, 3)()
    drawn("tiny figure", 4)[1]()
    in_study(digits(8, 2), "tiny", run_experiment, "digits")()
    in_study(clustered(8, 2), "tiny", compute_clustering, "perceptron-d02-w008")()
    for name in ("linear", "perceptron-d01-w016"):
        in_study(ensemble(2, 3, 2), "tiny", compute_trajectories, name)()
    in_study(ensemble(2, 3, 2), "tiny", compute_inpca, OneRank())()
    in_study(kernel(20, 10), "tiny", run_theory, "kernel")()
    in_study(constrained(2), "tiny", compute_model_constrained, "deconvolution-tnet")()

    study, draw = drawn("figure", 25)
    yield "figure", memory.figure(study, "eigenvectors"), draw
    yield "training", memory.training(Architecture(2, 50), 12, 100, 24), training(50, 100)
    study = digits(100, 4)
    yield (
        "expressivity, digits",
        expressivity.experiments(study)["digits"].memory,
        in_study(study, "large", run_experiment, "digits"),
    )
    study, name = clustered(200, 4), "perceptron-d02-w200"
    yield (
        "clustering",
        clustering.networks(study)[name].memory,
        in_study(study, "large", compute_clustering, name),
    )
    study = ensemble(4, 30, 40)
    groups = sloppiness.groups(study)
    yield (
        "trajectories",
        groups["perceptron-d01"].memory,
        in_study(study, "large", compute_trajectories, "perceptron-d01-w016"),
    )
    in_study(study, "large", compute_trajectories, "linear")()
    yield (
        "inpca",
        sloppiness.inpca(study).memory,
        in_study(study, "large", compute_inpca, OneRank()),
    )
    study = kernel(600, 100)
    yield (
        "sloppiness theory",
        sloppiness_theory.parts(study)["kernel"].memory,
        in_study(study, "large", run_theory, "kernel"),
    )
    study, case = constrained(16), "deconvolution-tnet"
    yield (
        "model-constrained",
        model_constrained.cases(study)[case].memory,
        in_study(study, "large", compute_model_constrained, case),
    )
    case, few = "heat-tnet", {"least_steps": 2, "pairs": 8, "samples_per_parameter": 4}
    study = constrained(4, cases=[case], heat={"elements": 20}, **few)
    wave = constrained(
        4, cases=["burgers-mctangent"], burgers={"learned_steps": 8, "model_steps": 8}, **few
    )
    in_wave = in_study(wave, "wave", compute_model_constrained, "burgers-mctangent")
    yield "wave", model_constrained.cases(wave)["burgers-mctangent"].memory, in_wave
    yield (
        "plate",
        model_constrained.cases(study)[case].memory,
        in_study(study, "plate", compute_model_constrained, case),
    )


Family = Callable[[Path], Found]

FAMILIES: dict[str, Family] = {"linear": linear, "walks": walks, "trained": trained}


def main() -> None:
    """Run one family."""
    with tempfile.TemporaryDirectory() as temporary:
        for stage, planned, work in FAMILIES[sys.argv[1]](Path(temporary)):
            sys.stdout.write(
                json.dumps({"stage": stage, "planned": planned, "peak": grown(work)}) + "\n"
            )


if __name__ == "__main__":
    main()
