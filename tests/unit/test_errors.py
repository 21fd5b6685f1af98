"""The family of errors: what else each member is, and which exit code it carries."""

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
