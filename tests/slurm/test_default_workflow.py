"""The default workflow in small, on Slurm and on this machine: everything is made, and the numbers
have the same bits.

Left out are two tables that take half a minute of a core and stand beside the rest: sensitivity and
kinds of second moments.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from private_slurm import PrivateSlurm
from slurm_workflow import IN_SMALL, Run, digests_of, numbers_of

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(1200)]


RESULTS = "results/small"
TARGETS = [
    f"{RESULTS}/tables/findings.csv",
    *(
        f"{RESULTS}/figures/{name}.pdf"
        for name in (
            "condition_number",
            "condition_number_projected",
            "eigenvalues",
            "eigenvectors",
        )
    ),
    *(f"{RESULTS}/figures/{name}.pdf" for name in ("importance", "criticality", "large_networks")),
]


def test_the_same_bits_on_slurm_and_on_this_machine(cluster: PrivateSlurm, tmp_path: Path) -> None:
    there = Run.of(tmp_path / "slurm", IN_SMALL, cluster)
    there.finish("--", *TARGETS)
    here = Run.of(tmp_path / "local", IN_SMALL)
    here.finish("--", *TARGETS)
    assert numbers_of(there.results("small")) == numbers_of(here.results("small"))
    assert digests_of(there.results("small")) == digests_of(here.results("small"))
    # four cells of the map and the headline, two stores each; a network without C
    assert len(digests_of(here.results("small"))) == 2 * 5 + 1
    assert there.printed.count("Submitted array job") == 2  # cells and projections, two tasks each
    figures = {path.name for path in (here.results("small") / "figures").iterdir()}
    assert {path.name for path in (there.results("small") / "figures").iterdir()} == figures
