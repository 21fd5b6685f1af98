"""The stage `sloppiness-theory`: what linear theory says of training trajectories, each part kept
as one document.

==========  =====================================================================================
phase_map   chi_k over decay, ratio of scales and steps, boundaries, slopes, checkpoint spacings,
            and simulated points
kernel      kernel machines on digits
sgd         exact moments of stochastic gradient descent on digits, and simulated paths
==========  =====================================================================================
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eigenscape.config.study import Study
from eigenscape.sloppiness import regimes
from eigenscape.sloppiness.phase_map import (
    Setting,
    linear_checkpoints,
    logarithmic_checkpoints,
    simulated_point,
    spectra_over_ratios,
    truth_spectrum,
)
from eigenscape.sloppiness.ribbon import FEWEST_DIRECTIONS, FITTED_DIRECTIONS, ribbon
from eigenscape.sloppiness.simulate import generator
from eigenscape.sloppiness.stress import explained_stress
from eigenscape.stages.common.experiments import Experiment, Rows, Tables, experiment_named
from eigenscape.stages.sloppiness.kernel_and_sgd import (
    kernel_tables,
    ribbon_columns,
    sgd_tables,
    theory_seed,
)
from eigenscape.store.layout import StudyFolder

DIRECTIONS = (2, 3)
"""The k of chi_k and of the boundaries."""


def run_theory(study: Study, folder: StudyFolder, name: str) -> Tables:
    """The tables of one part, computed where no document holds them yet.

    Raises:
        BadInput: no part of that name.
        DifferentWork: a document of other work is there.
    """
    return experiment_named(EXPERIMENTS, name).run(study, folder.sloppiness_theory(name))


def read_theory(study: Study, folder: StudyFolder, name: str) -> Tables:
    """The tables of one part from its document.

    Raises:
        BadInput: no part of that name.
        DamagedResult: it is missing or damaged.
        DifferentWork: it holds other work.
    """
    return experiment_named(EXPERIMENTS, name).read(study, folder.sloppiness_theory(name))


def _phase_map(study: Study) -> dict[str, Rows]:
    section = study.sloppiness.phase_map
    ratios = np.array(section.ratio)
    rows, slopes, simulated = [], [], []
    for steps in section.steps:
        for decay in section.decay:
            setting = Setting(decay, steps, section.step, section.components)
            every = linear_checkpoints(setting)
            setting_columns: dict[str, Any] = {
                "steps": steps,
                "decay": decay,
                "reach": setting.reach,
            }
            converged = float(regimes.converged_components(setting.reach, decay))
            for ratio, spectrum in zip(
                section.ratio, spectra_over_ratios(setting, every, ratios), strict=True
            ):
                row = setting_columns | {"ratio": ratio, "converged": converged}
                row |= {"ribbon_index": float(regimes.ribbon_index(setting.reach, decay, ratio))}
                row |= {
                    f"regime_{k}": regimes.regime(setting.reach, decay, ratio, k).name.lower()
                    for k in DIRECTIONS
                }
                rows.append(row | ribbon_columns(ribbon(spectrum)))
            spacings = {
                "linear": every,
                "logarithmic": logarithmic_checkpoints(setting, section.checkpoints),
            }
            for spacing, averages in spacings.items():
                # Beyond the converged components the data's own tail is added to the slope.
                fitted = int(np.clip(converged, FEWEST_DIRECTIONS, FITTED_DIRECTIONS))
                found = ribbon(truth_spectrum(setting, averages), directions=fitted)
                theory = (
                    float(regimes.truth_slope(setting.reach))
                    if setting.reach > 0.25
                    else float("nan")
                )
                slopes.append(
                    setting_columns
                    | {"checkpoints": spacing, "converged": converged, "theory": theory}
                    | ribbon_columns(found)
                )
    for steps in section.simulated_steps:
        for decay in section.simulated_decay:
            for ratio in section.simulated_ratio:
                setting = Setting(decay, steps, section.step, section.components)
                draw = generator(theory_seed(study), "phase map", steps, decay, ratio)
                point = simulated_point(setting, ratio, section.starts, draw)
                expected = spectra_over_ratios(
                    setting, linear_checkpoints(setting), np.array([ratio])
                )[0]
                row = {"steps": steps, "decay": decay, "ratio": ratio, "reach": setting.reach}
                for k in DIRECTIONS:
                    row[f"chi_{k}"] = float(explained_stress(point.simulated)[k - 1])
                    row[f"same_starts_chi_{k}"] = float(explained_stress(point.closed_form)[k - 1])
                    row[f"expected_chi_{k}"] = float(explained_stress(expected)[k - 1])
                simulated.append(row)
    return {"map": rows, "slopes": slopes, "simulated": simulated}


EXPERIMENTS = {
    "phase_map": Experiment(
        "sloppiness theory phase_map",
        lambda study: study.sloppiness.phase_map,
        _phase_map,
        ("map", "slopes", "simulated"),
    ),
    "kernel": Experiment(
        "sloppiness theory kernel",
        lambda study: study.sloppiness.kernel,
        kernel_tables,
        ("machines", "spectra"),
    ),
    "sgd": Experiment(
        "sloppiness theory sgd",
        lambda study: study.sloppiness.sgd,
        sgd_tables,
        ("variants", "spectra"),
    ),
}
