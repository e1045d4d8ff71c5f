"""Compiled drawing from `SpectralOutput`: what stands between two steps of the network, for a few lanes.

::

    raw --> gains x features + usual --> sharpened --> guidance --> component, bursts --> spread of each cell
                                                                                              |
    features, entering <-- power of each cell <-- held to the powers of regions <-- x chance <'

What it computes is explained in `photowave.wavenet.spectral` and `photowave.wavenet.regions`.
Every number of a lane is computed in one fixed order, whoever else is there; see `kernel` for what the
compiler may do. These functions call one another and none elsewhere, since Numba renews its cache on disk
only when the file of a function changes. So constants, too, are handed over.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
FLAGS = {"contract"}


def _cast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # pragma: no cover
    return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))


def _bits_of(context: Any, number: Any) -> Any:  # pragma: no cover
    return types.int32(types.float32), _cast


def _number_of(context: Any, bits: Any) -> Any:  # pragma: no cover
    return types.float32(types.int32), _cast


_bits: Any = intrinsic(_bits_of)
_of_bits: Any = intrinsic(_number_of)
"""The bits of a float32 as an int32, and the float32 that has these bits."""


def exponential(x: float) -> float:
    """Exponential of a number: exact in float64; in float32 as `kernel.exponential`, by itself."""
    raise TypeError("this is for compiled code only")  # pragma: no cover


def logarithm(x: float) -> float:
    """Natural logarithm of a positive, normal number: exact in float64, within 2e-7 of it in float32."""
    raise TypeError("this is for compiled code only")  # pragma: no cover


@overload(exponential, jit_options={"fastmath": FLAGS, "nogil": True})
def _exponential(x: Any) -> Callable[[Any], Any]:
    if x == types.float64:

        def exact(x: Any) -> Any:
            return math.exp(min(x, 709.0))

        return exact
    one, magic = np.float32(1.0), np.float32(12582912.0)
    low, high, log2e = np.float32(-87.0), np.float32(88.0), np.float32(1.4426950408889634)
    ln2_head, ln2_tail = np.float32(0.693359375), np.float32(-2.12194440e-4)
    c2, c3, c4 = np.float32(1 / 2), np.float32(1 / 6), np.float32(1 / 24)
    c5, c6, c7 = np.float32(1 / 120), np.float32(1 / 720), np.float32(1 / 5040)

    def quick(x: Any) -> Any:
        x = min(max(x, low), high)
        n = (x * log2e + magic) - magic
        r = (x - n * ln2_head) - n * ln2_tail
        p = c5 + r * (c6 + r * c7)
        p = c2 + r * (c3 + r * (c4 + r * p))
        p = one + r * (one + r * p)
        return p * _of_bits((np.int32(n) + np.int32(127)) << np.int32(23))

    return quick


@overload(logarithm, jit_options={"fastmath": FLAGS, "nogil": True})
def _logarithm(x: Any) -> Callable[[Any], Any]:
    if x == types.float64:

        def exact(x: Any) -> Any:
            return math.log(x)

        return exact
    one, half = np.float32(1.0), np.float32(0.5)
    ln2_head, ln2_tail = np.float32(0.693359375), np.float32(-2.12194440e-4)
    a0, a1, a2 = np.float32(7.0376836292e-2), np.float32(-1.1514610310e-1), np.float32(1.1676998740e-1)
    a3, a4, a5 = np.float32(-1.2420140846e-1), np.float32(1.4249322787e-1), np.float32(-1.6668057665e-1)
    a6, a7, a8 = np.float32(2.0000714765e-1), np.float32(-2.4999993993e-1), np.float32(3.3333331174e-1)
    root_half = np.int32(0x3F3504F3)

    def quick(x: Any) -> Any:
        # x = 2^n (1 + r), with 1 + r from the square root of a half on; coefficients of the Cephes library.
        moved = _bits(x) - root_half
        n = np.float32(moved >> np.int32(23))
        r = _of_bits((moved & np.int32(0x7FFFFF)) + root_half) - one
        z = r * r
        p = a2 + r * (a1 + r * a0)
        p = a5 + r * (a4 + r * (a3 + r * p))
        p = a8 + r * (a7 + r * (a6 + r * p))
        return (r + (r * z * p + n * ln2_tail - half * z)) + n * ln2_head

    return quick


@numba.njit(fastmath=FLAGS, error_model="numpy", nogil=True, cache=True)
def _component(logits: Array, uniform: float, temperature: float) -> int:
    """Index drawn with probability proportional to exp(logits / temperature)."""
    top = logits[0]
    for i in range(1, len(logits)):
        top = max(top, logits[i])
    total = 0.0
    for i in range(len(logits)):
        total += math.exp((logits[i] - top) / temperature)
    cumulated = 0.0
    for i in range(len(logits)):
        cumulated += math.exp((logits[i] - top) / temperature)
        if cumulated > uniform * total:
            return i
    return len(logits) - 1


@numba.njit(fastmath=FLAGS, error_model="numpy", nogil=True, cache=True)
def _complete(
    raw: Array, component: int, mixtures: int, usual: Array, features: Array, first_gains: Array,
    limits: Array, gains: Array, told: Array,
) -> None:  # fmt: skip
    """`SpectralOutput.complete` of one component: its log spread, logit and size of a burst, [3, cells]."""
    kind = raw.dtype.type
    count, cells = features.shape
    most, low, high, often, loud = limits[0], limits[1], limits[2], limits[3], limits[4]
    one, two, half = kind(1), kind(2), kind(0.5)
    spread, total, going_on = told[0], told[1], told[2]
    bias = raw[mixtures + component * cells : mixtures + (component + 1) * cells]
    rest = raw[mixtures + mixtures * cells :]
    for f in range(count):
        row = gains[f]
        for c in range(cells):
            row[c] = rest[2 * cells + c * count + f] + first_gains[f]
    total[:] = 0
    going_on[:] = 0
    for f in range(count):
        row, feature = gains[f], features[f]
        for c in range(cells):
            gain = one - two / (exponential(two * row[c]) + one)
            total[c] += abs(gain)
            going_on[c] += gain * feature[c]
    for c in range(cells):
        told_on = half * going_on[c] / max(total[c] / most, one) + usual[c]
        spread[c] = min(max(bias[c] + told_on, low), high)
    for c in range(cells):
        told[1, c] = rest[c] + often
    for c in range(cells):
        x = rest[cells + c] + loud
        told[2, c] = max(x, kind(0)) + logarithm(one + exponential(-abs(x)))


@numba.njit(fastmath=FLAGS, error_model="numpy", nogil=True, cache=True)
def _sharpen(
    spread: Array, usual: Array, around: int, contrast: float, limits: Array, rest: Array, near: Array
) -> None:
    """`SpectralOutput.sharpened` of the log spreads of low bands [own], in place."""
    kind = spread.dtype.type
    own, reach = len(spread), around // 2
    low, high, far = limits[1], limits[2], limits[5]
    one, two, more = kind(1), kind(2), kind((contrast - 1) * far)
    for b in range(own):
        rest[b] = spread[b] - usual[b]
    near[:own] = 0
    for off in range(-reach, around - reach):
        for b in range(max(0, -off), own - max(0, off)):
            near[b] += rest[b + off]
    for b in range(own):
        count = min(own, b - reach + around) - max(0, b - reach)
        x = (rest[b] - near[b] / kind(count)) / far
        sharper = rest[b] + more * (one - two / (exponential(two * x) + one))
        spread[b] = min(max(usual[b] + sharper, low), high)


@numba.njit(fastmath=FLAGS, error_model="numpy", nogil=True, cache=True)
def _hold(numbers: Array, log_power: Array, region: Array, least: float, power: Array) -> None:
    """Bring each region of a frame, or of spreads, to a power, in place; see `PowerRegions.hold`."""
    power[:] = 0
    for b in range(len(numbers)):
        power[region[b]] += numbers[b] * numbers[b]
    for r in range(len(power)):
        power[r] = math.sqrt(exponential(log_power[r]) / max(power[r], least))
    for b in range(len(numbers)):
        numbers[b] *= power[region[b]]


@numba.njit(fastmath=FLAGS, error_model="numpy", nogil=True, cache=True)
def _powers(
    frame: Array, scale: Array, group: Array, size: Array, own: int, power: Array, near: Array
) -> None:
    """`SpectralOutput._powers` of a frame."""
    kind = frame.dtype.type
    power[:] = 0
    for b in range(len(frame)):
        unit = frame[b] / scale[b]
        power[group[b]] += unit * unit
    for c in range(len(power)):
        power[c] = power[c] / size[c]
        near[c] = power[c]
    near[0] = (power[0] + power[1]) / kind(2)
    for b in range(1, own - 1):
        near[b] = (power[b - 1] + power[b] + power[b + 1]) / kind(3)
    near[own - 1] = (power[own - 2] + power[own - 1]) / kind(2)


@numba.njit(fastmath=FLAGS, error_model="numpy", nogil=True, cache=True)
def _remember(
    power: Array, near: Array, usual: Array, decays: Array, before: float, heard: Array, heard_size: Array,
    least: float, features: Array, means: Array, entering: Array, grouped: Array,
) -> None:  # fmt: skip
    """What `SpectralOutput.recall` keeps of a frame, and its `network_input`, for one lane."""
    kind = power.dtype.type
    cells, own = len(power), len(heard)
    two, three = kind(2), kind(3)
    cell, loud, above, below = features[0], features[1], features[2], features[3]
    for c in range(cells):
        cell[c] = logarithm(power[c] + least)
    for c in range(cells):
        loud[c] = logarithm(near[c] + least)
    for c in range(own):
        entering[c] = (cell[c] - two * usual[c]) / three
    for c in range(cells):
        entering[own + c] = (loud[c] - two * usual[c]) / three
    grouped[:] = 0
    for b in range(own):
        grouped[0, heard[b]] += power[b]
        grouped[1, heard[b]] += usual[b]
    for g in range(len(heard_size)):
        told = logarithm(grouped[0, g] / heard_size[g] + least)
        entering[own + cells + g] = (told - two * (grouped[1, g] / heard_size[g])) / three
    above[: cells - 1] = loud[1:]
    above[cells - 1] = loud[cells - 1]
    below[1:] = loud[: cells - 1]
    below[0] = loud[0]
    for d in range(len(decays)):
        kept, mean, running = decays[d], means[d], features[4 + d]
        so_far = kind(1) - kind(kept ** (before + kind(1)))
        for c in range(cells):
            mean[c] = (kind(1) - kept) * near[c] + kept * mean[c]
            running[c] = logarithm(mean[c] / so_far + least)
    for f in range(len(features)):
        for c in range(cells):
            features[f, c] -= two * usual[c]


@numba.njit(fastmath=FLAGS, error_model="numpy", nogil=True, cache=True)
def draw_frame(
    tables: tuple[Array, ...], limits: Array, around: int, contrast: float, temperature: float,
    guidance: float, raw: Array, usual: Array, chance: Array, held: Array, features: Array, means: Array,
    before: Array, frames: Array, spreads: Array, entering: Array,
) -> None:  # fmt: skip
    """Draw the next frame of each sound, and leave what the one after it needs.

    Args:
        tables: (group [bands], heard [own], region [bands] or none, scale [bands], size [cells], heard size
            [groups of low bands], first gains [FEATURES], decays [DECAYS]).
        limits: (most gain, softest and loudest that a cell can be, first logit and size of a burst, how far a
            band may stand out, least power of a cell, the same of a region, bound of a frame).
        around: Low bands from which one stands out.
        contrast: See `SpectralOutput.sharpened`.
        temperature: Above 0.
        guidance: 1: every lane is a sound. Otherwise lanes come in twos, the second without photo.
        raw: What the network says, [lanes, raw channels].
        usual: What conditioning says, [lanes, cells].
        chance: What `SpectralOutput.chance` gives, [sounds, uniforms].
        held: Logarithm of the power of each region, [sounds, regions]; not used without regions.
        features: See `SpectralMemory`, [lanes, FEATURES, cells]; changed, as the next two.
        means: See `SpectralMemory`, [lanes, DECAYS, cells].
        before: Frames before this one, [lanes].
        frames: Becomes the frame, [sounds, bands].
        spreads: Becomes the spread that it was drawn with, [sounds, bands].
        entering: Becomes what enters the network, [lanes, inputs].
    """
    group, heard, region, scale, size, heard_size, first_gains, decays = tables
    kind = raw.dtype.type
    lanes, cells = usual.shape
    bands, own = len(scale), len(heard)
    mixtures = (raw.shape[1] - (2 + len(first_gains)) * cells) // (1 + cells)
    gains = np.empty((len(first_gains), cells), raw.dtype)
    told = np.empty((2, 3, cells), raw.dtype)
    logits = np.empty(mixtures, raw.dtype)
    power, near = np.empty(cells, raw.dtype), np.empty(cells, raw.dtype)
    grouped = np.empty((2, len(heard_size)), raw.dtype)
    regions = np.empty(held.shape[1], raw.dtype)
    least, bound, guided = limits[6], limits[8], kind(guidance)
    stride = 1 if guidance == 1 else 2
    for sound in range(lanes // stride):
        first, luck = sound * stride, chance[sound]
        last = first + stride - 1
        for m in range(mixtures):
            logits[m] = raw[last, m] + guided * (raw[first, m] - raw[last, m])
        component = _component(logits, luck[0], temperature)
        for twin in range(stride):
            lane = first + twin
            _complete(
                raw[lane], component, mixtures, usual[lane], features[lane], first_gains, limits, gains,
                told[twin],
            )  # fmt: skip
            if contrast != 1:
                _sharpen(told[twin, 0, :own], usual[lane], around, contrast, limits, power, near)
        if stride == 2:
            for part in range(3):
                for c in range(cells):
                    a, b = told[0, part, c], told[1, part, c]
                    told[0, part, c] = b + guided * (a - b)
        spread = told[0, 0]
        for c in range(cells):
            burst = (
                told[0, 2, c] if luck[1 + c] < kind(1) / (kind(1) + exponential(-told[0, 1, c])) else kind(0)
            )
            spread[c] = exponential(spread[c] + burst)
        frame, drawn_with = frames[sound], spreads[sound]
        for b in range(bands):
            drawn_with[b] = spread[group[b]] * scale[b] * kind(temperature)
            frame[b] = min(max(drawn_with[b] * luck[1 + cells + b], -bound), bound)
        if len(region):
            _hold(frame, held[sound], region, limits[7], regions)
            _hold(drawn_with, held[sound], region, limits[7], regions)
        _powers(frame, scale, group, size, own, power, near)
        for lane in range(first, last + 1):
            _remember(
                power, near, usual[lane], decays, before[lane], heard, heard_size, least, features[lane],
                means[lane], entering[lane], grouped,
            )  # fmt: skip
            before[lane] += 1
