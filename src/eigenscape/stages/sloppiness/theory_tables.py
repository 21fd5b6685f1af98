"""The stage `sloppiness-theory-table`: the phase maps as one labelled file."""

from __future__ import annotations

from eigenscape.config.study import Study
from eigenscape.stages.common.tables import write_netcdf
from eigenscape.stages.sloppiness.theory import read_theory
from eigenscape.store.layout import StudyFolder

COORDINATES = ["steps", "decay", "ratio"]

DESCRIPTIONS = {
    "chi_2": "explained stress of two directions",
    "chi_3": "explained stress of three directions",
    "participation_ratio": "(sum e)^2 / sum e^2",
    "slope": "decay rate of ln e_a per index over the leading ones",
    "r_squared": "R^2 of the fit behind the slope",
    "decades": "log10 of the ratio of the largest and smallest fitted eigenvalue",
    "reach": "kappa = alpha lambda_1 T",
    "converged": "i_c = ln(kappa) / c",
    "ribbon_index": "k_*, up to which the truth's part stands above the floor of the starts",
}


def write_theory_tables(study: Study, folder: StudyFolder) -> None:
    """Write the map as NetCDF with dimensions steps, decay and ratio.

    Raises:
        DamagedResult: the map is missing or damaged.
    """
    phase, section = read_theory(study, folder, "phase_map"), study.sloppiness.phase_map
    write_netcdf(
        phase["map"].set_index(COORDINATES)[list(DESCRIPTIONS)].astype(float).to_xarray(),
        folder.root / "tables" / "sloppiness_phase_map.nc",
        DESCRIPTIONS,
        study=study.study,
        step=section.step,
        components=section.components,
        checkpoints="every step",
    )
