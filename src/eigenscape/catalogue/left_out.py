"""What is not made of a study, and why: read by the workflow, which asks only for what there is,
and by the plan, which says so.
"""

from __future__ import annotations

from eigenscape.config.study import Study

SINE_ONLY = "it varies the sine and its fully connected networks"
NO_SYMMETRY = (
    "it needs the symmetries or the mean field of fully connected networks, which a module need not"
    " have"
)
TOO_MANY_INPUTS = (
    "the projection would hold more than 1 GB for so many inputs; lower projection.samples or give"
    " fewer inputs"
)
OTHERS = "they look at networks and data of their own; run them in a study of kind sine"

_OF_THE_SINE = {
    "criticality": SINE_ONLY,
    "sensitivity": SINE_ONLY,
    "second_moment_kinds": SINE_ONLY,
    "trainability": SINE_ONLY,
}

_OF_FULLY_CONNECTED = {
    "condition_number_projected": NO_SYMMETRY,
    "importance": NO_SYMMETRY,
    "predictors": NO_SYMMETRY,
    "findings": NO_SYMMETRY,
}


def left_out(study: Study) -> dict[str, str]:
    """Figures and tables that are not made of a study on a user's data or modules, by name, with
    the reason.

    Example:
        >>> left_out(Study())
        {}
    """
    if not study.problem.is_user_defined:
        return {}
    if study.problem.kind == "module":
        return _OF_THE_SINE | _OF_FULLY_CONNECTED
    unprojected = (
        ("condition_number_projected", "predictors", "findings")
        if not study.projected_architectures()
        else ()
    )
    return _OF_THE_SINE | dict.fromkeys(unprojected, TOO_MANY_INPUTS)


def left_out_lines(study: Study) -> list[str]:
    """The same for people, a line per reason.

    Example:
        >>> left_out_lines(Study())
        []
    """
    found = left_out(study)
    if not found:
        return []
    reasons = {
        reason: [name for name, why in found.items() if why == reason]
        for reason in dict.fromkeys(found.values())
    }
    sisters = f"left out: expressivity, clustering, sloppiness, model_constrained, large: {OTHERS}"
    return [
        *(f"left out: {', '.join(names)}: {reason}" for reason, names in reasons.items()),
        sisters,
    ]
