"""Cached generation in compiled code: one call draws a chunk of frames for a few lanes.

A lane is one sound (or one half of a guided sound). Each layer keeps its inputs in a ring as long as its
dilation (Paine et al. 2016, "Fast Wavenet Generation Algorithm", arXiv:1611.09482), so that a frame costs the
same however long the receptive field is.

::

    frame t-1, t-2 -> embed -> x ---+--> [x[t-d], x[t]] W + bias -> tanh * sigmoid = z
                                    |                                            |
                              x += z R  (next layer)            skip += z S  (all layers)
    relu(skip) H -> relu -> P -> parameters -> guidance -> draw -> frame t

Every sum runs in one fixed order, whatever the number of lanes, so that a sound does not change with the
company it is drawn in. Of fast-math only `contract` is given (a multiply and an add may become one
instruction); the rest would let the compiler reorder sums and assume that infinities do not occur.

All compiled functions that call one another stand in this one file, since Numba renews its cache on disk when
the file of a function changes, but not when that of a function it calls does.
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


@numba.njit(fastmath=FLAGS, nogil=True, inline="always")
def _rows4(
    y: Array, o: int, w0: float, w1: float, w2: float, w3: float, a0: float, a1: float, a2: float, a3: float
) -> None:
    """Add the products of four inputs with weights to one output, in that order."""
    t = y[o]
    t += a0 * w0
    t += a1 * w1
    t += a2 * w2
    t += a3 * w3
    y[o] = t


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def _four_lanes(x: Array, w: Array, y0: Array, y1: Array, y2: Array, y3: Array) -> None:
    """Add `x @ w` to four outputs, for x [4, inputs]; each weight is loaded once for all."""
    inputs = x.shape[1]
    fours = inputs - inputs % 4
    for i in range(0, fours, 4):
        a0, a1, a2, a3 = x[0, i], x[0, i + 1], x[0, i + 2], x[0, i + 3]
        b0, b1, b2, b3 = x[1, i], x[1, i + 1], x[1, i + 2], x[1, i + 3]
        c0, c1, c2, c3 = x[2, i], x[2, i + 1], x[2, i + 2], x[2, i + 3]
        d0, d1, d2, d3 = x[3, i], x[3, i + 1], x[3, i + 2], x[3, i + 3]
        for o in range(w.shape[1]):
            w0, w1, w2, w3 = w[i, o], w[i + 1, o], w[i + 2, o], w[i + 3, o]
            _rows4(y0, o, w0, w1, w2, w3, a0, a1, a2, a3)
            _rows4(y1, o, w0, w1, w2, w3, b0, b1, b2, b3)
            _rows4(y2, o, w0, w1, w2, w3, c0, c1, c2, c3)
            _rows4(y3, o, w0, w1, w2, w3, d0, d1, d2, d3)
    for i in range(fours, inputs):
        a, b, c, d = x[0, i], x[1, i], x[2, i], x[3, i]
        for o in range(w.shape[1]):
            y0[o] += a * w[i, o]
            y1[o] += b * w[i, o]
            y2[o] += c * w[i, o]
            y3[o] += d * w[i, o]


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def add_product(x: Array, w: Array, y: Array) -> None:
    """Add `x @ w` to `y` for every lane.

    Several rows of `w` are taken at a time, so that each partial sum is loaded and stored once for all of
    them, and up to four lanes share each weight that is loaded. The lanes' loops are functions of their own:
    nested in one, the compiler no longer vectorises them. Shapes: x [lanes, inputs], w [inputs, outputs],
    y [lanes, outputs].
    """
    lanes = x.shape[0]
    fours, pairs = lanes - lanes % 4, lanes - lanes % 2
    for lane in range(0, fours, 4):
        _four_lanes(x[lane : lane + 4], w, y[lane], y[lane + 1], y[lane + 2], y[lane + 3])
    for lane in range(fours, pairs, 2):
        _two_lanes(x[lane], x[lane + 1], w, y[lane], y[lane + 1])
    for lane in range(pairs, lanes):
        _one_lane(x[lane], w, y[lane])


def exponential(values: Array, bits: Array, fractions: Array) -> None:
    """Replace values by their exponentials: in float32 by a vectorisable formula, in float64 exactly.

    Neither overflows, so that no infinity can turn into a NaN further on; float64 stops at exp(709).

    float32: exp(x) = 2^n exp(r) with n = round(x / ln 2), the second factor by its Taylor series to the 7th
    power (relative error below 1e-7 for |r| <= ln(2) / 2). Arguments are limited to -87 to 88. `bits` (int32)
    and `fractions` (the type of `values`) are room for as many numbers.
    """
    raise TypeError("this is for compiled code only")  # pragma: no cover


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


@numba.njit(fastmath=FLAGS, error_model="numpy", nogil=True, cache=True)
def _gate(h: Array, z: Array, bits: Array, fractions: Array, scratch: Array) -> None:
    """Z = tanh(filter) sigmoid(gate) with tanh(x) = 2 sigmoid(2x) - 1; h [lanes, 2 gate], z [lanes, gate]."""
    lanes, width = z.shape
    # Of the arrays' type: with whole numbers in between, float32 would be computed as float64.
    one, two = z.dtype.type(1), z.dtype.type(2)
    for lane in range(lanes):
        row, out = h[lane], z[lane]
        for c in range(width):
            scratch[c] = -two * row[c]
            scratch[width + c] = -row[width + c]
        exponential(scratch[: 2 * width], bits, fractions)
        for c in range(width):
            out[c] = (one - scratch[c]) / ((one + scratch[c]) * (one + scratch[width + c]))


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def _choose(
    weights: Array, count: int, uniform: float, temperature: float, bits: Array, fractions: Array
) -> int:
    """Index drawn with probability proportional to exp(weights / temperature); overwrites `weights`."""
    top = weights[0]
    for i in range(1, count):
        top = max(top, weights[i])
    for i in range(count):
        weights[i] = (weights[i] - top) / temperature
    exponential(weights[:count], bits, fractions)
    total = 0.0
    for i in range(count):
        total += weights[i]
    threshold = uniform * total
    cumulated = 0.0
    for i in range(count):
        cumulated += weights[i]
        if cumulated > threshold:
            return i
    return count - 1


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def _draw_mixture(
    parameters: Array, frame: Array, scale: Array, mixtures: int, chance: Array, temperature: float,
    bound: float, weights: Array, bits: Array, fractions: Array,
) -> None:  # fmt: skip
    """Component by inverse transform, then every band from its logistic; see MixtureOutput."""
    bands = len(frame)
    weights[:mixtures] = parameters[:mixtures]
    k = _choose(weights, mixtures, chance[0], temperature, bits, fractions)
    floor = math.log(2.0**-17)
    for b in range(bands):
        mean = parameters[mixtures + k * bands + b] * scale[b]
        log_scale = parameters[mixtures + (mixtures + k) * bands + b] + math.log(scale[b])
        drawn = mean + math.exp(max(log_scale, floor)) * temperature * chance[1 + b]
        frame[b] = min(max(drawn, -bound), bound)


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def _locate(position: float, knots: int, share: Array) -> int:
    """Knot before a place on the track; `share` [1] becomes how far it lies towards the next one."""
    if knots == 1:
        return 0
    place = min(position, float(knots - 1))
    knot = min(int(place), knots - 2)
    share[0] = place - knot
    return knot


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def _between(lower: Array, upper: Array, share: float, out: Array) -> None:
    """Read a track between two knots into `out`, all [channels]; see `photowave.wavenet.track`."""
    for c in range(len(out)):
        out[c] = lower[c] + share * (upper[c] - lower[c])


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def read_track(track: Array, knots_per_frame: float, first: int, origin: float, out: Array) -> None:
    """Read a track [knots, channels] at the next frames into `out` [frames, channels]; see `run`."""
    share = np.zeros(1, track.dtype)
    for step in range(len(out)):
        knot = _locate((first + step) * knots_per_frame - origin, len(track), share)
        _between(track[knot], track[min(knot + 1, len(track) - 1)], share[0], out[step])


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def run(
    weights: tuple[Array, ...], biases: tuple[Array, Array, Array], knots_per_frame: float, first: int,
    origin: float, rings: Array, positions: Array, taps: Array, levels_out: Array, frames_out: Array,
    parameters_out: Array, forced: bool, chance: Array, temperature: float, guidance: float, bound: float,
) -> None:  # fmt: skip
    """Draw (or follow) a chunk of frames.

    Args:
        weights: (embedding [inputs, 2 residual], input bias [residual], scale [bands], dilations [layers],
            gate [layers, 2 residual, 2 gate], mix [layers, gate, residual + skip], residual bias
            [layers, residual], hidden [skip, skip], project [skip, channels], project bias [channels]).
        biases: (gate [lanes, knots, layers, 2 gate], skip [lanes, knots, skip], hidden [lanes, knots, skip]):
            all biases with the conditioning added, at each knot of its track; a single knot stays for ever.
        knots_per_frame: How far along its track the conditioning moves with each frame.
        first: Frames drawn before this chunk.
        origin: Which knot of the whole track is the first of `biases`.
        rings: Past inputs of every layer, one after the other, [lanes, sum of dilations, residual].
        positions: Where in its ring each layer stands, [layers].
        taps: Embeddings of the last two frames, [lanes, 2, 2 residual].
        levels_out: Levels, [sounds, time]; no rows for the mixture output.
        frames_out: Band frames, [sounds, time, bands]; no rows for the softmax output.
        parameters_out: Parameters of each frame's distribution, [sounds, time, channels]; no rows: not kept.
        forced: True: the frames in `levels_out` or `frames_out` are followed instead of drawn.
        chance: What the output made of uniform numbers, [sounds, time, uniforms].
        temperature: Above 0.
        guidance: 1: every lane is a sound. Otherwise lanes come in twos, the second without photo, and both
            go on with the frame drawn from `second + guidance * (first - second)`.
        bound: Most that a drawn band sample may be.
    """
    embedding, input_bias, scale, dilations, gate, mix, residual_bias, hidden, project, project_bias = weights
    gate_bias, skip_bias, hidden_bias = biases
    lanes, knots, layers, gate2 = gate_bias.shape
    residual, skips, channels = len(input_bias), skip_bias.shape[2], len(project_bias)
    softmax = levels_out.shape[0] > 0
    steps = levels_out.shape[1] if softmax else frames_out.shape[1]
    mixtures = channels // (1 + 2 * len(scale))
    kind = embedding.dtype
    both = np.empty((lanes, 2 * residual), kind)
    h = np.empty((lanes, gate2), kind)
    z = np.empty((lanes, gate2 // 2), kind)
    running = np.empty((lanes, residual + skips), kind)
    s = np.empty((lanes, skips), kind)
    t = np.empty((lanes, skips), kind)
    parameters = np.empty((lanes, channels), kind)
    widest = max(gate2, channels)
    bits = np.empty(widest, np.int32)
    fractions = np.empty(widest, kind)
    scratch = np.empty(widest, kind)
    entering = np.empty((lanes, len(scale)), kind)
    stride = 1 if guidance == 1 else 2
    share = np.zeros(1, kind)
    for step in range(steps):
        knot = _locate((first + step) * knots_per_frame - origin, knots, share)
        after, on = min(knot + 1, knots - 1), share[0]
        for lane in range(lanes):
            for c in range(residual):
                running[lane, c] = taps[lane, 1, c] + taps[lane, 0, residual + c] + input_bias[c]
            _between(skip_bias[lane, knot], skip_bias[lane, after], on, running[lane, residual:])
        start = 0
        for layer in range(layers):
            place = start + positions[layer]
            for lane in range(lanes):
                ring = rings[lane, place]
                for c in range(residual):
                    both[lane, c] = ring[c]
                    both[lane, residual + c] = running[lane, c]
                    ring[c] = running[lane, c]
                _between(gate_bias[lane, knot, layer], gate_bias[lane, after, layer], on, h[lane])
                for c in range(residual):
                    running[lane, c] += residual_bias[layer, c]
            add_product(both, gate[layer], h)
            _gate(h, z, bits, fractions, scratch)
            add_product(z, mix[layer], running)
            positions[layer] = (positions[layer] + 1) % dilations[layer]
            start += dilations[layer]
        for lane in range(lanes):
            for c in range(skips):
                s[lane, c] = max(running[lane, residual + c], 0)
            _between(hidden_bias[lane, knot], hidden_bias[lane, after], on, t[lane])
        add_product(s, hidden, t)
        for lane in range(lanes):
            for c in range(skips):
                t[lane, c] = max(t[lane, c], 0)
            parameters[lane] = project_bias
        add_product(t, project, parameters)
        for sound in range(lanes // stride):
            lane = sound * stride
            if stride == 2:
                for c in range(channels):
                    a, b = parameters[lane, c], parameters[lane + 1, c]
                    parameters[lane, c] = b + guidance * (a - b)
            if parameters_out.shape[0] > 0:
                parameters_out[sound, step] = parameters[lane]
            if softmax:
                if not forced:
                    scratch[:channels] = parameters[lane]
                    drawn = _choose(scratch, channels, chance[sound, step, 0], temperature, bits, fractions)
                    levels_out[sound, step] = drawn
            elif not forced:
                _draw_mixture(
                    parameters[lane], frames_out[sound, step], scale, mixtures, chance[sound, step],
                    temperature, bound, scratch, bits, fractions,
                )  # fmt: skip
            for twin in range(stride):
                taps[lane + twin, 0] = taps[lane + twin, 1]
                if softmax:
                    taps[lane + twin, 1] = embedding[levels_out[sound, step]]
                else:
                    taps[lane + twin, 1] = 0
                    for b in range(len(scale)):
                        entering[lane + twin, b] = frames_out[sound, step, b] / scale[b]
        if not softmax:
            add_product(entering, embedding, taps[:, 1])
