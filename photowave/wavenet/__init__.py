"""The decoder: a causal dilated stack and the distributions it predicts; no settings, no files."""

from photowave.wavenet.outputs import (
    FRAME_BOUND,
    PCM_STEP,
    BandOutput,
    MixtureOutput,
    OutputDistribution,
    SoftmaxOutput,
)
from photowave.wavenet.regions import PowerRegions
from photowave.wavenet.spectral import SpectralOutput
from photowave.wavenet.stack import WaveNet, WaveNetState

__all__ = [
    "FRAME_BOUND",
    "PCM_STEP",
    "BandOutput",
    "MixtureOutput",
    "OutputDistribution",
    "PowerRegions",
    "SoftmaxOutput",
    "SpectralOutput",
    "WaveNet",
    "WaveNetState",
]
