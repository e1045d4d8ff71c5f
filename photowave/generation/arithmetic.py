"""The inner loops of generation, compiled: matrix-vector products and the exponential.

Every sum runs in one fixed order, whatever the number of lanes, so that a sound does not change with the
company it is drawn in. Only the flag `contract` is given (a multiply and an add may become one instruction);
the rest of fast-math would let the compiler reorder sums and assume that infinities do not occur.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numba
import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""An array of the kernel's type, float32 or float64, or of integers where the text says so."""
FLAGS = {"contract"}
"""What the compiler may do beyond IEEE arithmetic."""


@numba.njit(fastmath=FLAGS, nogil=True, inline="always")
def _rows8(
    y: Array, w: Array, i: int, o: int,
    a0: float, a1: float, a2: float, a3: float, a4: float, a5: float, a6: float, a7: float,
) -> None:  # fmt: skip
    """Add the products of eight inputs with rows `i` to `i + 7` of `w` to one output, in that order."""
    t = y[o]
    t += a0 * w[i, o]
    t += a1 * w[i + 1, o]
    t += a2 * w[i + 2, o]
    t += a3 * w[i + 3, o]
    t += a4 * w[i + 4, o]
    t += a5 * w[i + 5, o]
    t += a6 * w[i + 6, o]
    t += a7 * w[i + 7, o]
    y[o] = t


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def _one_lane(p: Array, w: Array, u: Array) -> None:
    """Add `p @ w` to `u`."""
    eights = len(p) - len(p) % 8
    for i in range(0, eights, 8):
        p0, p1, p2, p3 = p[i], p[i + 1], p[i + 2], p[i + 3]
        p4, p5, p6, p7 = p[i + 4], p[i + 5], p[i + 6], p[i + 7]
        for o in range(w.shape[1]):
            _rows8(u, w, i, o, p0, p1, p2, p3, p4, p5, p6, p7)
    for i in range(eights, len(p)):
        a = p[i]
        for o in range(w.shape[1]):
            u[o] += a * w[i, o]


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def _two_lanes(p: Array, q: Array, w: Array, u: Array, v: Array) -> None:
    """Add `p @ w` to `u` and `q @ w` to `v`; each weight is loaded once for both."""
    eights = len(p) - len(p) % 8
    for i in range(0, eights, 8):
        p0, p1, p2, p3 = p[i], p[i + 1], p[i + 2], p[i + 3]
        p4, p5, p6, p7 = p[i + 4], p[i + 5], p[i + 6], p[i + 7]
        q0, q1, q2, q3 = q[i], q[i + 1], q[i + 2], q[i + 3]
        q4, q5, q6, q7 = q[i + 4], q[i + 5], q[i + 6], q[i + 7]
        for o in range(w.shape[1]):
            _rows8(u, w, i, o, p0, p1, p2, p3, p4, p5, p6, p7)
            _rows8(v, w, i, o, q0, q1, q2, q3, q4, q5, q6, q7)
    for i in range(eights, len(p)):
        a, b = p[i], q[i]
        for o in range(w.shape[1]):
            u[o] += a * w[i, o]
            v[o] += b * w[i, o]


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def add_product(x: Array, w: Array, y: Array) -> None:
    """Add `x @ w` to `y` for every lane.

    Eight rows of `w` are taken at a time, so that each partial sum is loaded and stored once for eight
    products, and two lanes share each weight that is loaded. The lanes' loops are functions of their own:
    nested in one, the compiler no longer vectorises them.

    Args:
        x: [lanes, inputs].
        w: [inputs, outputs].
        y: [lanes, outputs], changed in place.
    """
    lanes = x.shape[0]
    pairs = lanes - lanes % 2
    for lane in range(0, pairs, 2):
        _two_lanes(x[lane], x[lane + 1], w, y[lane], y[lane + 1])
    for lane in range(pairs, lanes):
        _one_lane(x[lane], w, y[lane])


def exponential(values: Array, bits: Array, fractions: Array) -> None:
    """Replace values by their exponentials: in float32 by a vectorisable formula, in float64 exactly.

    Neither overflows, so that no infinity can turn into a NaN further on; float64 stops at exp(709).

    float32: exp(x) = 2^n exp(r) with n = round(x / ln 2), the second factor by its Taylor series to the 7th
    power (relative error below 1e-7 for |r| <= ln(2) / 2). Arguments are limited to -87 to 88.

    Args:
        values: [n], changed in place.
        bits: Room for n integers, int32.
        fractions: Room for n numbers of the type of `values`.
    """
    raise NotImplementedError("compiled only")  # pragma: no cover


@overload(exponential, jit_options={"fastmath": FLAGS, "nogil": True})
def _exponential(values: Array, bits: Array, fractions: Array) -> Callable[[Array, Array, Array], None]:
    if values.dtype == types.float64:

        def exact(values: Array, bits: Array, fractions: Array) -> None:
            for i in range(len(values)):
                values[i] = math.exp(min(values[i], 709.0))

        return exact

    one, magic = np.float32(1.0), np.float32(12582912.0)
    low, high, log2e = np.float32(-87.0), np.float32(88.0), np.float32(1.4426950408889634)
    ln2_head, ln2_tail = np.float32(0.693359375), np.float32(-2.12194440e-4)
    c2, c3, c4 = np.float32(1 / 2), np.float32(1 / 6), np.float32(1 / 24)
    c5, c6, c7 = np.float32(1 / 120), np.float32(1 / 720), np.float32(1 / 5040)

    def quick(values: Array, bits: Array, fractions: Array) -> None:
        for i in range(len(values)):
            x = min(max(values[i], low), high)
            # Adding 1.5 * 2^23 pushes the fraction out of a float32: rounding without a call.
            n = (x * log2e + magic) - magic
            r = (x - n * ln2_head) - n * ln2_tail
            p = c6 + r * c7
            p = c5 + r * p
            p = c4 + r * p
            p = c3 + r * p
            p = c2 + r * p
            p = one + r * p
            fractions[i] = one + r * p
            bits[i] = (np.int32(n) + np.int32(127)) << np.int32(23)
        powers = bits.view(np.float32)
        for i in range(len(values)):
            values[i] = fractions[i] * powers[i]

    return quick
