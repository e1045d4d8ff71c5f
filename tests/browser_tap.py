"""Listens to what a page sends to the ears, without its knowledge: `browser/tap.js` taps its graph's end.

An audio worklet measures each 10 ms of what arrives: the level of either channel, the longest run of zeros.
It also keeps the first seconds of the left channel, to be looked at as a spectrum.
"""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from playwright.sync_api import BrowserContext, Page

RATE = 44_100  # of the models here
SILENT = 1e-4  # -80 dBFS

_FOLDER = Path(__file__).parent / "browser"


@dataclass(frozen=True)
class Heard:
    """What came out, in windows of 10 ms.

    Attributes:
        rms: Level of left and right, [windows, 2].
        zeros: Longest run of samples without any sound up to the end of each window, [windows].
        samples: Left channel of the first seconds, [samples].
    """

    rms: np.ndarray
    zeros: np.ndarray
    samples: np.ndarray

    @property
    def sounding(self) -> np.ndarray:
        """Whether each window sounds, [windows]."""
        return self.rms.max(axis=1) > SILENT

    @property
    def between(self) -> np.ndarray:
        """Whether each window sounds, from the first to the last that does, [windows]."""
        (found,) = np.nonzero(self.sounding)
        return self.sounding[found[0] : found[-1] + 1] if len(found) else np.zeros(0, bool)

    @property
    def balance_db(self) -> float:
        """How much louder the right is than the left, in dB."""
        left, right = np.sqrt((self.rms**2).mean(axis=0)) + 1e-9
        return float(20 * np.log10(right / left))

    @property
    def level_db(self) -> float:
        """Level of both channels, in dBFS."""
        return float(10 * np.log10((self.rms**2).mean() + 1e-12))

    def spectrum_db(self, bands: int = 24) -> np.ndarray:
        """Level of bands from 60 Hz to 16 kHz, equally wide on a log scale, [bands]."""
        power = np.abs(np.fft.rfft(self.samples * np.hanning(len(self.samples)))) ** 2
        hz = np.fft.rfftfreq(len(self.samples), 1 / RATE)
        edges = np.geomspace(60, 16_000, bands + 1)
        level = [power[(hz >= low) & (hz < high)].mean() for low, high in pairwise(edges)]
        return 10 * np.log10(np.array(level) / power.mean() + 1e-12)


def install(context: BrowserContext) -> None:
    """Tap every page of a context, which must be made with `bypass_csp`: the tap is a script of its own."""
    worklet = (_FOLDER / "tap_worklet.js").read_text(encoding="utf-8")
    script = (_FOLDER / "tap.js").read_text(encoding="utf-8")
    context.add_init_script(script.replace("(TAP_SOURCE)", f"({json.dumps(worklet)})"))


def clear(page: Page) -> None:
    """Forget what was heard."""
    page.evaluate("() => { tapped.windows.length = tapped.kept.length = 0; tapped.loud = null; }")


def heard(page: Page) -> Heard:
    """What was heard since the start, or since `clear`."""
    windows, kept = page.evaluate(
        "() => [tapped.windows, "
        "tapped.kept.flatMap((block) => Array.from(block, (sample) => Math.round(sample * 32768)))]"
    )
    table = np.array(windows, dtype=float).reshape(-1, 3)
    return Heard(rms=table[:, :2], zeros=table[:, 2], samples=np.array(kept) / 32768)


def listen(page: Page, seconds: float) -> Heard:
    """Wait until so many seconds have come out, counted in samples, and return them."""
    clear(page)
    page.wait_for_function(
        f"() => tapped.windows.length >= {round(seconds * 100)}", timeout=(seconds * 5 + 30) * 1000
    )
    return heard(page)


def wait_for_sound(page: Page) -> None:
    """Wait until something is heard."""
    page.wait_for_function("() => tapped.loud !== null", timeout=60_000)
