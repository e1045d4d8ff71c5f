"""Scores of the baselines, fitted on the training split, on the clips that the model is scored on."""

from dataclasses import dataclass

from photowave.audio import HistogramBaseline, LinearPredictorBaseline, UniformBaseline
from photowave.pairs.bank import SoundBank
from photowave.pairs.clips import ClipDataset

_FIT_S = 10


@dataclass(frozen=True, kw_only=True)
class BaselineScores:
    """Bits per sample of what a network must beat."""

    uniform: float
    """Every mu-law level equally likely."""
    histogram: float
    """How often each mu-law level comes in the training recordings."""
    linear_predictor: float
    """A weighted sum of the 32 samples before, with a logistic error."""


def score_baselines(train: SoundBank, clips: ClipDataset, *, levels: int | None) -> BaselineScores:
    """Fit the baselines and score them.

    The linear predictor, which has few weights, is fitted on the first ten seconds of each recording.

    Args:
        train: The training recordings.
        clips: Each is scored from an empty past, as the network is.
        levels: Mu-law levels of the softmax output, which the linear predictor then sees and answers, too.
            None is for outputs over plain samples: the predictor answers 16-bit steps, and uniform and
            histogram know 256 levels.

    Returns:
        Bits per sample, means over all clips.
    """
    recordings = [recording.samples for recording in train.recordings]
    heard = [clips[index]["samples"] for index in range(len(clips))]
    starts = [samples[: _FIT_S * train.audio.sample_rate] for samples in recordings]
    return BaselineScores(
        uniform=UniformBaseline(levels=levels or 256).score(heard),
        histogram=HistogramBaseline(levels=levels or 256).fit(recordings).score(heard),
        linear_predictor=LinearPredictorBaseline(levels=levels).fit(starts).score(heard),
    )
