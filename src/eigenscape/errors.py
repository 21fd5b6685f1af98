"""The one family of errors that eigenscape raises on purpose.

Every member is also the standard error that a caller would catch, and knows the exit code that
the command line returns for it. A message names the field, what was expected, what was found and
what to do, on one line.
"""

from __future__ import annotations

from numbers import Real


class EigenscapeError(Exception):
    """Base of the family; ``exit_code`` is what the command line returns."""

    exit_code = 1


class BadInput(EigenscapeError, ValueError):
    """A configuration, file or argument cannot be used as it is.

    Example:
        >>> str(
        ...     BadInput.field(
        ...         "grid.depth", "whole numbers of at least 1", "-3", "write depth: [1, 2, 3]"
        ...     )
        ... )
        'grid.depth: expected whole numbers of at least 1, found -3; write depth: [1, 2, 3]'
    """

    exit_code = 2

    @classmethod
    def field(cls, name: str, expected: str, found: str, fix: str) -> BadInput:
        """Return the error whose message has the four parts in the order in which users read
        them.
        """
        return cls(f"{name}: expected {expected}, found {found}; {fix}")


def whole_number(name: str, value: object, least: int, fix: str) -> int:
    """Return what a caller gave as a whole number; 100.0 is one, and a truth value is none.

    Raises:
        BadInput: it is no whole number, or below ``least``.

    Example:
        >>> whole_number("samples", 1e2, 1, "leave it out")
        100
    """
    number = float("nan")
    if isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
    if not least <= number < float("inf") or number != int(number):
        raise BadInput.field(name, f"a whole number of at least {least}", repr(value), fix)
    return int(number)


class DoesNotFit(BadInput):
    """The plan of a study needs more memory or disk than is available."""


class DifferentWork(BadInput):
    """An existing result was made by different work than the requested one, and is not
    overwritten.
    """


class DamagedResult(EigenscapeError, OSError):
    """A file on disk does not contain what its receipt records."""


class NotFiniteGradient(EigenscapeError, ArithmeticError):
    """The gradient of a sample has an infinity or a NaN; the message names the sample."""


class EigensolverFailure(EigenscapeError, ArithmeticError):
    """A matrix has no trustworthy spectrum: it is not finite or not symmetric, or the solver did
    not converge.
    """


class WrongLaunch(EigenscapeError, RuntimeError):
    """The number of MPI ranks that started is not the requested number."""


class Interrupted(EigenscapeError, RuntimeError):
    """A signal asked the program to stop; results with a receipt are kept, and the next run
    resumes.
    """

    exit_code = 75


class AlreadyRunning(EigenscapeError, RuntimeError):
    """Another run of the same study is alive; the same command goes on when it has ended."""

    exit_code = 75


class LeaseLost(EigenscapeError, RuntimeError):
    """Another attempt took over this one's work, or this one stopped waiting for its turn; the next
    run resumes.
    """

    exit_code = 75
