"""The linear theory of training trajectories: phase maps, kernel machines, the noise of SGD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.catalogue.rows import (
    MB,
    Family,
    Results,
    Step,
    by_name,
    figure,
    schema_of_results,
    seed,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CHAPTER = "sloppiness, theory"

PARTS = ("phase_map", "kernel", "sgd")
"""Of `stages.sloppiness.theory`, each one job."""

SLOPPINESS_THEORY = Step(
    name="sloppiness_theory",
    does="One part of the linear theory: phase maps, kernel machines or the noise of SGD.",
    leaves=("ledger/sloppiness_theory/{}.json",),
    wildcard="theory",
    jobs=lambda _: dict.fromkeys(PARTS),
    makes={
        "sloppiness_theory/{}.json": by_name,
        "tables/sloppiness_{}.csv": lambda _, name: next(
            (part for part in PARTS if name.startswith(f"{part}_")), None
        ),
    },
    memory=2000 * MB,
    minutes=60,
    decides={
        "settings": lambda job: job.study.sloppiness.model_dump()[job.value],
        "seed": seed,
        "science_schema": schema_of_results,
    },
)

SLOPPINESS_THEORY_TABLE = Step(
    name="sloppiness_theory_table",
    does="The phase maps as one labelled file.",
    leaves=("tables/sloppiness_phase_map.nc",),
    reads=lambda _: SLOPPINESS_THEORY.targets("phase_map"),
    memory=1000 * MB,
    minutes=10,
    decides={"science_schema": schema_of_results},
)

PHASE_MAP = Family("phase_map", CHAPTER, lambda _: SLOPPINESS_THEORY.targets("phase_map"))
KERNEL = Family("kernel", CHAPTER, lambda _: SLOPPINESS_THEORY.targets("kernel"))
SGD = Family("sgd", CHAPTER, lambda _: SLOPPINESS_THEORY.targets("sgd"))


def _tables(results: Results, part: str) -> dict[str, pd.DataFrame]:
    """What one part of the theory says."""
    from eigenscape.stages.sloppiness.theory import read_theory

    return results.read(read_theory, part)


@figure(
    PHASE_MAP,
    "When trajectories are thin",
)
def phase_map(results: Results) -> Figure:
    """Explained stress of two and three directions for clouds of linear models, and whether they
    are hyper-ribbons, low-dimensional or thick, over decay of the input correlation, ratio of
    scales and steps, with the boundaries of this project's theory and simulated points.
    """
    from eigenscape.figures.sloppiness.phase_map import phase_map_figure

    tables = _tables(results, "phase_map")
    return phase_map_figure(
        tables["map"], tables["simulated"], results.study.sloppiness.phase_map.level
    )


@figure(PHASE_MAP, "How fast the directions of a cloud fall")
def trajectory_slopes(results: Results) -> Figure:
    """Fall of the leading eigenvalues per direction for clouds of one start against κ, beside the
    theory π²/ln 4κ.
    """
    from eigenscape.figures.sloppiness.trajectory_theory import trajectory_slopes_figure

    return trajectory_slopes_figure(_tables(results, "phase_map")["slopes"])


@figure(
    KERNEL,
    "Kernel machines",
)
def kernel_trajectories(results: Results) -> Figure:
    """Scree plots of clouds of kernel machines at training points and at others, by the scale of
    their starts. The title counts what they were judged to be.
    """
    from eigenscape.figures.sloppiness.phase_map import verdict_counts
    from eigenscape.figures.sloppiness.trajectory_theory import kernel_trajectories_figure

    tables = _tables(results, "kernel")
    counts = [
        rf"$\sigma_w$ = {start:g}: {verdict_counts(own)}"
        for start, own in tables["machines"].groupby("start")
    ]
    return kernel_trajectories_figure(tables["spectra"], "\n".join(counts))


@figure(SGD, "The noise of stochastic gradient descent")
def sgd_trajectories(results: Results) -> Figure:
    """Spectra of clouds of SGD by the exact recursion of their moments, simulated ones beside them,
    and what two and three directions explain.
    """
    from eigenscape.figures.sloppiness.trajectory_theory import sgd_trajectories_figure

    tables = _tables(results, "sgd")
    return sgd_trajectories_figure(tables["variants"], tables["spectra"])


STEPS = (SLOPPINESS_THEORY, SLOPPINESS_THEORY_TABLE)
FIGURES = (phase_map, trajectory_slopes, kernel_trajectories, sgd_trajectories)
