"""One product of the backward pass, D W^T for small matrices, in compiled code without a BLAS library.

OpenBLAS runs this product, whose right factor is transposed, at 0.6 of its rate for the other two at 50 x 35 x 35
(benchmarks/gradient_kernel.py). Here W is transposed once and a tile of the result is held in registers while the inner
index runs: per step one row of W^T is loaded, and multiplied by one number of D for each row of the tile (the inner kernel
of Goto and van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34, 2008, without its packing).

Every entry is one chain of fused multiply-adds in the order of the inner index, whatever the tile: the bits depend on the
operands alone.
"""

from __future__ import annotations

import llvmlite.binding
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_FEATURES = llvmlite.binding.get_host_cpu_features()
_WIDE = bool(_FEATURES.get("avx512f", False))

_VECTOR_BYTES = 64
_VECTORS = 5
"""Of columns in a tile: with `_ROWS` rows, 25 of AVX-512's 32 registers hold sums."""

_ROWS = 5
"""Of a tile: 50 points are 10 tiles; rows that are left over are done one by one."""


_FEWEST_POINTS, _WIDEST = 49, 192
"""Between them every product was the same, bit for bit, as OpenBLAS's for AVX-512, in float64 and float32 (n to 1,000).
Below OpenBLAS takes kernels for small matrices, which add in another order; above it splits the inner index. Its kernels for
AVX2 add in another order for odd n: there the product is left to it. So no result of an earlier version changes."""


def _tile(rows: int, vectors: int):
    """An intrinsic that computes one tile of ``rows`` x ``vectors`` registers, the last of them cut off where the columns end."""

    @intrinsic
    def tile(typing_context, a, a_row, b, b_row, c, c_row, inner, columns):
        """C[r, :columns] = sum_k A[r, k] B[k, :columns]: addresses, and elements from row to row."""
        scalar, size = (ir.DoubleType(), 8) if a.dtype == types.float64 else (ir.FloatType(), 4)
        lanes = _VECTOR_BYTES // size
        vector, index, word = ir.VectorType(scalar, lanes), ir.IntType(64), ir.IntType(32)
        mask_type, suffix = ir.VectorType(ir.IntType(1), lanes), f"v{lanes}f{8 * size}"

        def generate(context, builder, signature, arguments):
            a, a_row, b, b_row, c, c_row, inner, columns = arguments

            def function(name, result, parameters):
                return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, parameters), f"llvm.{name}.{suffix}")

            pointer = vector.as_pointer()
            fused = function("fma", vector, [vector] * 3)
            load = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(vector, [pointer, word, mask_type, vector]), f"llvm.masked.load.{suffix}.p0"
            )
            store = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(ir.VoidType(), [vector, pointer, word, mask_type]), f"llvm.masked.store.{suffix}.p0"
            )
            zero, alignment = ir.Constant(vector, None), ir.Constant(word, size)

            def spread(number, of_type):
                single = builder.insert_element(ir.Constant(of_type, ir.Undefined), number, ir.Constant(word, 0))
                return builder.shuffle_vector(single, ir.Constant(of_type, None), ir.Constant(ir.VectorType(word, lanes), [0] * lanes))

            counts = ir.VectorType(index, lanes)
            left = builder.sub(columns, ir.Constant(index, (vectors - 1) * lanes))
            mask = builder.icmp_signed("<", ir.Constant(counts, list(range(lanes))), spread(left, counts))

            def place(base, row, row_length, v):
                offset = builder.add(builder.mul(row, row_length), ir.Constant(index, v * lanes))
                return builder.bitcast(builder.gep(base, [offset]), pointer)

            sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(vectors)] for _ in range(rows)]
            with cgutils.for_range(builder, inner) as loop:
                row_of_b = [builder.load(place(b, loop.index, b_row, v), align=size) for v in range(vectors - 1)]
                row_of_b.append(builder.call(load, [place(b, loop.index, b_row, vectors - 1), alignment, mask, zero]))
                for r in range(rows):
                    offset = builder.add(loop.index, builder.mul(a_row, ir.Constant(index, r)))
                    factor = spread(builder.load(builder.gep(a, [offset]), align=size), vector)
                    for v in range(vectors):
                        builder.store(builder.call(fused, [factor, row_of_b[v], builder.load(sums[r][v])]), sums[r][v])
            for r in range(rows):
                for v in range(vectors - 1):
                    builder.store(builder.load(sums[r][v]), place(c, ir.Constant(index, r), c_row, v), align=size)
                last = place(c, ir.Constant(index, r), c_row, vectors - 1)
                builder.call(store, [builder.load(sums[r][vectors - 1]), last, alignment, mask])
            return context.get_dummy_value()

        whole = types.int64
        return types.void(a, whole, b, whole, c, whole, whole, whole), generate

    return tile


_ONE_1, _ONE_2, _ONE_3, _ONE_4, _ONE_5 = (_tile(1, vectors) for vectors in range(1, 6))
_MANY_1, _MANY_2, _MANY_3, _MANY_4, _MANY_5 = (_tile(_ROWS, vectors) for vectors in range(1, 6))


@intrinsic
def _address(typing_context, array, offset):
    """The address of element ``offset`` of a contiguous array."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.int64), generate


@njit(cache=True)
def worthwhile(points, width):
    """Whether this product is taken for (n, w) by (w, w): where it is faster than OpenBLAS's and has the same bits.

    Example:
        >>> worthwhile(50, 300)
        False
    """
    return _WIDE and points >= _FEWEST_POINTS and width <= _WIDEST


@njit(cache=True)
def times_transposed(d, weights, transposed, result):
    """D W^T into ``result``: D is (n, w), W (v, w), the result (n, v), all contiguous; ``transposed`` (w, v) is room for W^T.

    Example:
        >>> import numpy as np
        >>> room, result = np.empty((2, 1)), np.empty((1, 1))
        >>> times_transposed(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), room, result)
        >>> result
        array([[11.]])
    """
    for i in range(weights.shape[0]):
        for j in range(weights.shape[1]):
            transposed[j, i] = weights[i, j]
    _multiply(d, transposed, result)


@njit(cache=True)
def _multiply(a, b, result):
    """A B, tile by tile."""
    (rows, inner), columns = a.shape, b.shape[1]
    lanes = _VECTOR_BYTES // result.itemsize
    for left in range(0, columns, _VECTORS * lanes):
        width = min(columns - left, _VECTORS * lanes)
        vectors = (width + lanes - 1) // lanes
        right, row = _address(b, left), 0
        while row + _ROWS <= rows:
            top, out = _address(a, row * inner), _address(result, row * columns + left)
            if vectors == 5:
                _MANY_5(top, inner, right, columns, out, columns, inner, width)
            elif vectors == 4:
                _MANY_4(top, inner, right, columns, out, columns, inner, width)
            elif vectors == 3:
                _MANY_3(top, inner, right, columns, out, columns, inner, width)
            elif vectors == 2:
                _MANY_2(top, inner, right, columns, out, columns, inner, width)
            else:
                _MANY_1(top, inner, right, columns, out, columns, inner, width)
            row += _ROWS
        while row < rows:
            top, out = _address(a, row * inner), _address(result, row * columns + left)
            if vectors == 5:
                _ONE_5(top, inner, right, columns, out, columns, inner, width)
            elif vectors == 4:
                _ONE_4(top, inner, right, columns, out, columns, inner, width)
            elif vectors == 3:
                _ONE_3(top, inner, right, columns, out, columns, inner, width)
            elif vectors == 2:
                _ONE_2(top, inner, right, columns, out, columns, inner, width)
            else:
                _ONE_1(top, inner, right, columns, out, columns, inner, width)
            row += 1
