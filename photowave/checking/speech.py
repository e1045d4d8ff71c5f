"""Speech in a recording, by Silero's detector (https://github.com/snakers4/silero-vad)."""

import threading
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

LEAST_S, LEAST_SHARE = 2.0, 0.1
_RATE = 16_000


def can_hear_speech() -> bool:
    """Whether the detector is installed."""
    return find_spec("silero_vad") is not None


class SpeechDetector:
    """Finds speech; each thread has a network of its own, since it remembers what it heard."""

    def __init__(self) -> None:
        threads = torch.get_num_threads()
        import silero_vad  # which sets the number of threads to one

        torch.set_num_threads(threads)
        self._package, self._own = silero_vad, threading.local()

    def told(self, voice: Tensor) -> str | None:
        """Say how much speech there is.

        Args:
            voice: Samples at 16 kHz, [time].

        Returns:
            In words; None where there is little or none.
        """
        network: Any = getattr(self._own, "network", None)
        if network is None:
            network = self._own.network = self._package.load_silero_vad()
        # The level at which the network was trained; quiet recordings are brought up to it.
        peak = float(voice.abs().max())
        level = voice / peak if peak > 0 else voice
        with torch.no_grad():
            parts = self._package.get_speech_timestamps(level, network, sampling_rate=_RATE)
        speech_s = sum(part["end"] - part["start"] for part in parts) / _RATE
        share = speech_s / (len(voice) / _RATE)
        if speech_s < LEAST_S or share < LEAST_SHARE:
            return None
        return f"speech for {speech_s:.0f} s, {share:.0%} of what was listened to"
