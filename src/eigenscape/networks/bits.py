"""The bits of a float64 as an int64 and back, inside compiled code, at no cost.

Polynomial approximations scale by powers of two and select without branches through these.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def integer_of(typing_context, number):
    """The bits of a float64, read as an int64."""
    if number != types.float64:
        return None

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def float_of(typing_context, number):
    """The float64 whose bits are an int64."""
    if number != types.int64:
        return None

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate
