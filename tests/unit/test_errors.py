"""The family of errors: what else each member is, and which exit code it carries."""

import numpy as np
import pytest

from eigenscape import errors


@pytest.mark.parametrize(
    ("error", "also", "exit_code"),
    [
        (errors.BadInput, ValueError, 2),
        (errors.DoesNotFit, ValueError, 2),
        (errors.DifferentWork, ValueError, 2),
        (errors.DamagedResult, OSError, 1),
        (errors.NotFiniteGradient, ArithmeticError, 1),
        (errors.EigensolverFailure, ArithmeticError, 1),
        (errors.WrongLaunch, RuntimeError, 1),
        (errors.Interrupted, RuntimeError, 75),
        (errors.LeaseLost, RuntimeError, 75),
    ],
)
def test_a_member_is_the_standard_error_that_a_caller_would_catch(
    error: type[errors.EigenscapeError], also: type[Exception], exit_code: int
) -> None:
    assert issubclass(error, errors.EigenscapeError)
    assert issubclass(error, also)
    assert error.exit_code == exit_code


def test_every_error_of_the_module_is_in_the_family() -> None:
    raised = [
        thing
        for thing in vars(errors).values()
        if isinstance(thing, type) and issubclass(thing, Exception)
    ]

    assert len(raised) == 11
    assert all(issubclass(thing, errors.EigenscapeError) for thing in raised)


@pytest.mark.parametrize("given", [0, -1, 1.5, float("nan"), float("inf"), "3", True, None, [3]])
def test_what_is_no_whole_number_is_named(given: object) -> None:
    with pytest.raises(errors.BadInput, match=r"^samples: expected a whole number of at least 1, "):
        errors.whole_number("samples", given, 1, "write 100")


@pytest.mark.parametrize("given", [3, 3.0, np.int32(3), np.float64(3)])
def test_a_whole_number_may_be_written_as_a_float(given: object) -> None:
    assert errors.whole_number("samples", given, 1, "write 100") == 3
