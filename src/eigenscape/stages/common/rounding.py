"""What a step notes of rounding beside its result: how far it grows, and what is left of the
gradients in the study's precision.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from eigenscape.networks.rounding import LossSampler, rounding_growth

log = logging.getLogger(__name__)

_NAMES = ("rounding_growth", "rounding_growth_largest", "gradient_error")


def note_of_rounding(
    sampler: LossSampler, name: str, *, quiet: bool = False
) -> dict[str, float | None]:
    """Measure the growth of rounding in a few gradients, and warn where the precision does not
    suffice.

    Args:
        sampler: of the network.
        name: of the network, for the warning.
        quiet: whether another rank warns.

    Returns:
        `rounding_growth`, `rounding_growth_largest` and `gradient_error`, as plain JSON.
    """
    found = rounding_growth(sampler)
    if found.is_too_large and not quiet:
        log.warning("%s: %s", name, found.warning)
    return found.facts


def facts_of_rounding(facts: Mapping[str, Any]) -> dict[str, float | None]:
    """What a receipt or document says of it; None where it does not, as of earlier versions.

    Example:
        >>> facts_of_rounding({"rounding_growth": 3.0})["gradient_error"] is None
        True
    """
    return {name: facts.get(name) for name in _NAMES}
