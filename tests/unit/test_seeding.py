"""Stream keys: distinct for everything that must differ, and the same in every process."""

import itertools
import subprocess
import sys

import pytest

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.seeding import SEED_LIMIT, prior_key, stream_key


def test_keys_fit_the_64_bits_of_the_generator() -> None:
    assert all(0 <= stream_key(seed, "prior") < 2**64 for seed in (0, 1, SEED_LIMIT - 1))


def test_no_two_cells_seeds_or_shapes_share_a_key() -> None:
    architectures = [
        Architecture(*sizes)
        for sizes in itertools.product(range(1, 31), range(5, 51, 5), (1, 2), (1, 3))
    ]
    keys = {
        prior_key(seed, architecture)
        for seed in (0, 1, SEED_LIMIT - 1)
        for architecture in architectures
    }

    assert len(keys) == 3 * len(architectures)


@pytest.mark.parametrize(
    ("labels", "others"),
    [
        (("prior",), ("bootstrap",)),
        (("a", "b"), ("b", "a")),
        (("ab", "c"), ("a", "bc")),
        (("a", "b"), ("a\x1f'b",)),
        ((1, 23), (12, 3)),
        ((1,), ("1",)),
        ((), ("",)),
    ],
)
def test_order_type_and_borders_of_labels_count(
    labels: tuple[object, ...], others: tuple[object, ...]
) -> None:
    assert stream_key(0, *labels) != stream_key(0, *others)


def test_seed_and_label_do_not_run_into_each_other() -> None:
    assert stream_key(1, 2) != stream_key(12)
    assert stream_key(1, "prior") != stream_key(2, "prior")


def test_another_process_with_another_hash_seed_gets_the_same_key() -> None:
    program = "from eigenscape.seeding import stream_key; print(stream_key(3, 'prior', 5))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(run.stdout) == stream_key(3, "prior", 5)


@pytest.mark.parametrize("seed", [-1, SEED_LIMIT])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(BadInput, match=rf"^seed: expected a whole number from 0 .* found {seed}; "):
        stream_key(seed, "prior")
