"""Cached generation in compiled code: one call draws a chunk of frames for a few lanes.

A lane is one sound (or one half of a guided sound). Each layer keeps its inputs in a ring as long as its
dilation (Paine et al. 2016, "Fast Wavenet Generation Algorithm", arXiv:1611.09482), so that a frame costs the
same however long the receptive field is.

::

    frame t-1, t-2 -> embed -> x ---+--> [x[t-d], x[t]] W + bias -> tanh * sigmoid = z
                                    |                                            |
                              x += z R  (next layer)            skip += z S  (all layers)
    relu(skip) H -> relu -> P -> parameters -> guidance -> draw -> frame t
"""

import math

import numba
import numpy as np

from photowave.generation.arithmetic import FLAGS, Array, add_product, exponential
from photowave.wavenet import FRAME_BOUND


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def _gate(h: Array, z: Array, bits: Array, fractions: Array, scratch: Array) -> None:
    """Z = tanh(filter) sigmoid(gate) with tanh(x) = 2 sigmoid(2x) - 1; h [lanes, 2 gate], z [lanes, gate]."""
    lanes, width = z.shape
    for lane in range(lanes):
        row, out = h[lane], z[lane]
        for c in range(width):
            scratch[c] = -2 * row[c]
            scratch[width + c] = -row[width + c]
        exponential(scratch[: 2 * width], bits, fractions)
        for c in range(width):
            filtered = (1 - scratch[c]) / (1 + scratch[c])
            out[c] = filtered / (1 + scratch[width + c])


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
    parameters: Array, frame: Array, scale: Array, mixtures: int, uniforms: Array, temperature: float,
    weights: Array, bits: Array, fractions: Array,
) -> None:  # fmt: skip
    """Component by inverse transform, then every band from its logistic; see MixtureOutput."""
    bands = len(frame)
    weights[:mixtures] = parameters[:mixtures]
    k = _choose(weights, mixtures, uniforms[0], temperature, bits, fractions)
    floor = math.log(2.0**-17)
    for b in range(bands):
        mean = parameters[mixtures + k * bands + b] * scale[b]
        log_scale = parameters[mixtures + (mixtures + k) * bands + b] + math.log(scale[b])
        u = uniforms[1 + b]
        drawn = mean + math.exp(max(log_scale, floor)) * temperature * (math.log(u) - math.log1p(-u))
        frame[b] = min(max(drawn, -FRAME_BOUND), FRAME_BOUND)


@numba.njit(fastmath=FLAGS, nogil=True, cache=True)
def run(
    weights: tuple[Array, ...], biases: tuple[Array, Array, Array], rings: Array, positions: Array,
    taps: Array, levels_out: Array, frames_out: Array, parameters_out: Array, forced: bool, uniforms: Array,
    temperature: float, guidance: float,
) -> None:  # fmt: skip
    """Draw (or follow) a chunk of frames.

    Args:
        weights: (embedding [inputs, 2 residual], input bias [residual], scale [bands], dilations [layers],
            gate [layers, 2 residual, 2 gate], mix [layers, gate, residual + skip], residual bias
            [layers, residual], hidden [skip, skip], project [skip, channels], project bias [channels]).
        biases: (gate [lanes, layers, 2 gate], skip [lanes, skip], hidden [lanes, skip]): all biases with the
            conditioning added.
        rings: Past inputs of every layer, one after the other, [lanes, sum of dilations, residual].
        positions: Where in its ring each layer stands, [layers].
        taps: Embeddings of the last two frames, [lanes, 2, 2 residual].
        levels_out: Levels, [sounds, time]; no rows for the mixture output.
        frames_out: Band frames, [sounds, time, bands]; no rows for the softmax output.
        parameters_out: Parameters of each frame's distribution, [sounds, time, channels]; no rows: not kept.
        forced: True: the frames in `levels_out` or `frames_out` are followed instead of drawn.
        uniforms: [sounds, time, uniforms].
        temperature: Above 0.
        guidance: 1: every lane is a sound. Otherwise lanes come in twos, the second without photo, and both
            go on with the frame drawn from `second + guidance * (first - second)`.
    """
    embedding, input_bias, scale, dilations, gate, mix, residual_bias, hidden, project, project_bias = weights
    gate_bias, skip_bias, hidden_bias = biases
    lanes, layers, gate2 = gate_bias.shape
    residual, skips, channels = len(input_bias), skip_bias.shape[1], len(project_bias)
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
    for step in range(steps):
        for lane in range(lanes):
            for c in range(residual):
                running[lane, c] = taps[lane, 1, c] + taps[lane, 0, residual + c] + input_bias[c]
            running[lane, residual:] = skip_bias[lane]
        start = 0
        for layer in range(layers):
            place = start + positions[layer]
            for lane in range(lanes):
                ring = rings[lane, place]
                for c in range(residual):
                    both[lane, c] = ring[c]
                    both[lane, residual + c] = running[lane, c]
                    ring[c] = running[lane, c]
                h[lane] = gate_bias[lane, layer]
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
            t[lane] = hidden_bias[lane]
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
                    drawn = _choose(scratch, channels, uniforms[sound, step, 0], temperature, bits, fractions)
                    levels_out[sound, step] = drawn
            elif not forced:
                _draw_mixture(
                    parameters[lane], frames_out[sound, step], scale, mixtures, uniforms[sound, step],
                    temperature, scratch, bits, fractions,
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
