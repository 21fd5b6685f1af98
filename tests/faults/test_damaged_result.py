"""A finished result is damaged.

Injection: of a finished second moment the receipt, a zarr.json or a chunk is truncated, emptied,
flipped or deleted. Promise: who reads it sets it aside with the reason, fails loudly and says what
to do, exit code 1; the stage computes it again to the same bits.
"""

import json

import pytest

pytestmark = pytest.mark.faults


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def emptied(_: bytes) -> bytes:
    return b""


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


CHUNK = "second_moment.zarr/second_moment/c/0/0"


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("second_moment.receipt.json", truncated),
        ("second_moment.receipt.json", emptied),
        ("second_moment.zarr/zarr.json", truncated),
        ("second_moment.zarr/second_moment/zarr.json", emptied),
        (CHUNK, flipped),
        (CHUNK, truncated),
        (CHUNK, emptied),
        (CHUNK, None),
        ("second_moment.zarr/gradient_mean/c/0", flipped),
    ],
)
def test_damage_is_found_and_made_good(runs, finished, undisturbed, file: str, damage) -> None:
    case = finished
    damaged = case.store.parent / file
    if damage is None:
        damaged.unlink()
    else:
        damaged.write_bytes(damage(damaged.read_bytes()))

    reader = runs.stage(case, "spectrum", case.cell)
    assert reader.wait() == 1, reader.output
    assert "Traceback" not in reader.output
    *_, last = reader.output.splitlines()
    assert last.startswith(f"eigenscape: {case.store}: ")
    assert last.endswith("run snakemake again")

    again = runs.second_moment(case, 1)
    assert again.wait() == 0, again.output
    assert case.bits() == undisturbed(case)
    (aside,) = case.folder.quarantine.iterdir()
    assert "does not verify" in json.loads((aside / "reason.json").read_text())["reason"]
