"""The summation tree: whoever adds, and in whatever order work arrives, the expression is the same.

Values are strings, so that equal values mean equal expressions, parentheses included.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.active_subspace.tree import Node, insert, missing_slots, share, slot_samples, total

exactly_repeatable = settings(derandomize=True, deadline=None, max_examples=300)


def add(left: str, right: str) -> str:
    return f"({left}+{right})"


def expression(node: Node) -> str:
    """Left half plus right half, all the way down."""
    return str(node.first) if node.span == 1 else add(*(expression(half) for half in node.halves))


@st.composite
def subdivisions(draw: Any, node: Node) -> list[Node]:
    """Disjoint nodes under ``node``: the shards that earlier, interrupted runs may have left."""
    choice = draw(st.sampled_from(["kept", "lost", "split"] if node.span > 1 else ["kept", "lost"]))
    if choice == "kept":
        return [node]
    if choice == "lost":
        return []
    left, right = node.halves
    return draw(subdivisions(left)) + draw(subdivisions(right))


@st.composite
def histories(draw: Any) -> tuple[int, int, list[tuple[Node, int]], list[int]]:
    """Slots, ranks, shards with the rank that reads each, and the missing slots in the order they
    are done.
    """
    slots = 2 ** draw(st.integers(0, 5))
    ranks = draw(st.integers(1, 9))
    shards = [
        (node, draw(st.integers(0, ranks - 1))) for node in draw(subdivisions(Node(0, slots)))
    ]
    missing = missing_slots([node for node, _ in shards], slots)
    return slots, ranks, shards, missing


@exactly_repeatable
@given(histories())
def test_the_total_is_one_expression_for_any_ranks_and_any_history(
    history: tuple[int, int, list[tuple[Node, int]], list[int]],
) -> None:
    slots, ranks, shards, missing = history
    everything: dict[Node, str] = {}
    for rank in range(ranks):
        held = {node: expression(node) for node, reader in shards if reader == rank}
        for slot in share(missing, rank, ranks):
            insert(held, Node(slot, 1), str(slot), add, slots)
        assert everything.keys().isdisjoint(held)
        everything |= held

    assert total(everything, Node(0, slots), add) == expression(Node(0, slots))


@exactly_repeatable
@given(st.permutations(range(16)))
def test_slots_may_arrive_in_any_order(order: list[int]) -> None:
    held: dict[Node, str] = {}
    for slot in order:
        insert(held, Node(slot, 1), str(slot), add, 16)

    assert held == {Node(0, 16): expression(Node(0, 16))}


def test_a_rank_that_walks_its_slots_in_order_holds_few_values() -> None:
    held: dict[Node, str] = {}
    largest = 0
    for slot in range(64):
        insert(held, Node(slot, 1), str(slot), add, 64)
        largest = max(largest, len(held))

    # Before slot s the nodes held are the ones of s in binary: at most log2(64) of them.
    assert largest <= 6


@exactly_repeatable
@given(st.integers(0, 4), st.integers(0, 15))
def test_relatives_of_a_node_fit_together(level: int, index: int) -> None:
    span = 2**level
    node = Node(index * span, span)

    assert sorted([node, node.sibling]) == list(node.parent.halves)
    assert node.sibling.sibling == node
    assert sorted([*node.slots, *node.sibling.slots]) == list(node.parent.slots)


@pytest.mark.parametrize("missing", [0, 7, 15])
def test_a_total_that_lacks_a_slot_is_refused_by_its_number(missing: int) -> None:
    nodes = {Node(slot, 1): str(slot) for slot in range(16) if slot != missing}

    with pytest.raises(KeyError, match=f"slot {missing} is covered by no partial sum"):
        total(nodes, Node(0, 16), add)


def test_missing_slots_are_those_under_no_node() -> None:
    assert missing_slots([Node(0, 4), Node(6, 2), Node(9, 1)], 12) == [4, 5, 8, 10, 11]
    assert missing_slots([], 3) == [0, 1, 2]


@exactly_repeatable
@given(st.integers(0, 5), st.integers(0, 200))
def test_slots_cut_the_samples_evenly_also_where_there_are_fewer(level: int, samples: int) -> None:
    slots = 2**level
    cut = [slot_samples(slot, slots, samples) for slot in range(slots)]

    assert [sample for part in cut for sample in part] == list(range(samples))
    assert max(map(len, cut)) - min(map(len, cut)) <= 1


@exactly_repeatable
@given(st.lists(st.integers(0, 99), unique=True, max_size=40), st.integers(1, 9))
def test_ranks_share_all_work_evenly_and_in_order(work: list[int], size: int) -> None:
    parts = [share(work, rank, size) for rank in range(size)]

    assert [item for part in parts for item in part] == work
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
