"""Made-up music: chords, a melody or drums, in a room and with noise."""

import numpy as np

RATE = 16_000
_SCALE = (0, 2, 4, 5, 7, 9, 11)


def song(kind: str, *, seed: int, seconds: float = 12.0, noise_db: float = -20.0) -> np.ndarray:
    """Music at -20 dBFS and 16 kHz, [time].

    `kind` is chords, melody, drums or band (all of them); the seed decides tempo (60 to 160 beats a minute),
    key, notes, tuning and room. The noise is `noise_db` beside it.
    """
    draw, count = np.random.default_rng(seed), round(seconds * RATE)
    beat, tuning = round(RATE * 60 / draw.uniform(60, 160)), 220 * 2 ** draw.uniform(0, 1)
    parts = {"chords": _chords, "melody": _melody, "drums": _drums}
    chosen = parts.values() if kind == "band" else [parts[kind]]
    dry = np.sum([part(draw, count, beat, tuning) for part in chosen], axis=0)
    echo = draw.normal(size=RATE // 2) * np.exp(-np.arange(RATE // 2) / 1_500)
    wet = np.fft.irfft(np.fft.rfft(dry, 2 * count) * np.fft.rfft(echo, 2 * count))[:count]
    music = dry / dry.std() + draw.uniform(0.2, 0.6) * wet / wet.std()
    found = music / music.std() + draw.normal(size=count) * 10 ** (noise_db / 20)
    return 0.1 * found / found.std()


def _tone(hz: float, count: int, decay_s: float) -> np.ndarray:
    time = np.arange(count) / RATE
    waves = sum(np.sin(2 * np.pi * hz * k * time) / k**1.5 for k in range(1, 7))
    return waves * np.minimum(time / 0.01, 1) * np.exp(-time / decay_s)


def _hz(tuning: float, degree: int) -> float:
    return tuning * 2 ** ((_SCALE[degree % 7] + 12 * (degree // 7)) / 12)


def _chords(draw: np.random.Generator, count: int, beat: int, tuning: float) -> np.ndarray:
    roots, found = draw.choice(6, 4, replace=False), np.zeros(count)
    for bar, start in enumerate(range(0, count, 4 * beat)):
        length = min(4 * beat, count - start)
        for step in (0, 2, 4):
            found[start : start + length] += _tone(_hz(tuning, roots[bar % 4] + step), length, 4.0)
    return found


def _melody(draw: np.random.Generator, count: int, beat: int, tuning: float) -> np.ndarray:
    found, degree = np.zeros(count), 7
    for start in range(0, count, beat // 2):
        length = min(beat // 2, count - start)
        degree = int(np.clip(degree + draw.integers(-3, 4), 0, 13))
        found[start : start + length] += _tone(_hz(tuning, degree), length, 0.4)
    return 2 * found


def _drums(draw: np.random.Generator, count: int, beat: int, tuning: float) -> np.ndarray:
    found, time = np.zeros(count + RATE), np.arange(RATE // 4) / RATE
    pattern = draw.random(8) < 0.5
    for step, start in enumerate(range(0, count, beat // 2)):
        hit = 3 * np.sin(2 * np.pi * 60 * time) * np.exp(-time / 0.1) * (step % 8 in (0, 3))
        hit = hit + draw.normal(size=len(time)) * np.exp(-time / 0.06) * (step % 4 == 2)
        hit = hit + 0.4 * draw.normal(size=len(time)) * np.exp(-time / 0.02) * pattern[step % 8]
        found[start : start + len(time)] += hit
    return found[:count]
