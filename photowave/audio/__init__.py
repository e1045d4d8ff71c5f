"""Sound: files, level, mu-law levels, the filter bank, texture, and the baselines a network must beat."""

from photowave.audio.bandwidth import extend_bandwidth
from photowave.audio.baselines import HistogramBaseline, LinearPredictorBaseline, UniformBaseline
from photowave.audio.envelope import SpectralEnvelope
from photowave.audio.files import (
    SOUND_SUFFIXES,
    SoundInfo,
    declared_s,
    find_sounds,
    probe_sound,
    read_channels,
    read_sound,
    sound_blocks,
    write_sound,
)
from photowave.audio.filterbank import FilterBank, SynthesisState
from photowave.audio.finishing import fade, join, to_loudness
from photowave.audio.level import (
    gain_to,
    gain_to_loudness,
    limit_peaks,
    mean_power,
    normalise,
    rms_dbfs,
    without_fades,
    without_offset,
)
from photowave.audio.loudness import integrated_lufs
from photowave.audio.mulaw import decode, encode, level_bounds, level_log2_widths
from photowave.audio.repeating import repeat_to
from photowave.audio.resampling import resample, resample_blocks
from photowave.audio.stereo import WIDTH_BANDS, measure_width, width_band
from photowave.audio.texture import TextureStatistics, power_db

__all__ = [
    "SOUND_SUFFIXES",
    "WIDTH_BANDS",
    "FilterBank",
    "HistogramBaseline",
    "LinearPredictorBaseline",
    "SoundInfo",
    "SpectralEnvelope",
    "SynthesisState",
    "TextureStatistics",
    "UniformBaseline",
    "declared_s",
    "decode",
    "encode",
    "extend_bandwidth",
    "fade",
    "find_sounds",
    "gain_to",
    "gain_to_loudness",
    "integrated_lufs",
    "join",
    "level_bounds",
    "level_log2_widths",
    "limit_peaks",
    "mean_power",
    "measure_width",
    "normalise",
    "power_db",
    "probe_sound",
    "read_channels",
    "read_sound",
    "repeat_to",
    "resample",
    "resample_blocks",
    "rms_dbfs",
    "sound_blocks",
    "to_loudness",
    "width_band",
    "without_fades",
    "without_offset",
    "write_sound",
]
