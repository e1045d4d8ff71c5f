"""Speech in a recording, by Silero's detector (https://github.com/snakers4/silero-vad)."""

import threading
import warnings
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

LEAST_S, LEAST_SHARE = 2.0, 0.1
"""Less than this may be a word, or none."""
_RATE, _STEP = 16_000, 512
_PART = 256 * _STEP
"""Parts of this length, 8 s, are listened to side by side, so that a long recording takes no longer."""
_SURE = 0.5


def can_hear_speech() -> bool:
    """Whether the detector is installed."""
    return find_spec("silero_vad") is not None


class SpeechDetector:
    """Finds speech; each thread has a network of its own, since it remembers what it heard."""

    def __init__(self) -> None:
        threads = torch.get_num_threads()
        import silero_vad  # which sets the number of threads to one

        torch.set_num_threads(threads)
        self._package, self._own, self._lock = silero_vad, threading.local(), threading.Lock()

    def told(self, voice: Tensor) -> str | None:
        """Say how much speech there is.

        Args:
            voice: Samples at 16 kHz, [time].

        Returns:
            In words; None where there is little or none.
        """
        # Level: the network knows voices near full scale.
        level = voice / voice.abs().max().clamp_min(1e-9)
        parts = -(-len(level) // _PART)
        steps = torch.nn.functional.pad(level, (0, parts * _PART - len(level))).view(parts, -1, _STEP)
        network = self._network()
        network.reset_states()
        with torch.no_grad():
            scores = torch.cat([network(steps[:, n], _RATE) for n in range(steps.shape[1])], 1)
        heard = scores.view(-1)[: -(-len(level) // _STEP)] > _SURE
        speech_s, share = float(heard.sum()) * _STEP / _RATE, float(heard.float().mean())
        if speech_s < LEAST_S or share < LEAST_SHARE:
            return None
        return f"speech for {speech_s:.0f} s, {share:.0%} of what was listened to"

    def _network(self) -> Any:
        """The network of this thread. Its file is part of the package, as TorchScript; nothing is pickled."""
        if not hasattr(self._own, "network"):
            with self._lock, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # TorchScript and a way to find files are deprecated
                self._own.network = self._package.load_silero_vad()
        return self._own.network
