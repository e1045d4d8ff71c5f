"""What each metric is, in one sentence, with its unit and which way is better."""

from typing import Literal, NamedTuple


class Definition(NamedTuple):
    """What a metric is."""

    unit: str
    """Empty for a plain number."""
    better: Literal["higher", "lower", "neither"]
    """Which way is better."""
    text: str
    """One sentence."""
    needs: str = ""
    """What it cannot be measured without, to follow "it needs"; empty where there is always a value."""


_OTHERS = "a recording of the scene beside the one that a sound comes from"


DEFINITIONS = {
    "scene_recognised": Definition(
        "share",
        "higher",
        "Share of the sounds that a classifier (randomised trees) on log-mel statistics, trained on real "
        "recordings only, assigns to the photo's scene, scenes counting alike; the floor is chance.",
    ),
    "judge_accuracy": Definition(
        "share",
        "higher",
        "Share of all real excerpts that the classifier assigns to their scene without having heard their "
        "recording, recordings of a scene and scenes counting alike: how well it knows scenes at all. "
        "Counted in excerpts.",
    ),
    "scenes_nearest": Definition(
        "share",
        "higher",
        "Share of the scenes whose sounds have mean statistics (moments and modulation of the cochlear "
        "envelopes: level, sparsity, pulse) nearer to the mean of their scene's recordings than to that of "
        "any other scene. Counted in scenes.",
        _OTHERS,
    ),
    "long_term_spectrum_db": Definition(
        "dB",
        "lower",
        "Mean absolute difference, over 64 mel bands, between the mean power spectrum of all sounds for a "
        "scene and that of its recordings (for a sound taken from one, the others), averaged over scenes.",
        _OTHERS,
    ),
    "level_difference_db": Definition(
        "dB",
        "lower",
        "Difference in level, without its sign, between each sound for a scene and the mean power of the "
        "scene's recordings as in long_term_spectrum_db, averaged over sounds and scenes.",
        _OTHERS,
    ),
    "lines_db": Definition(
        "dB",
        "neither",
        "How far lines (whistles, crickets, bells) stand out: the 99th percentile of a spectrum of 64 ms "
        "above its median over 500 Hz around, averaged over time; the floor is white noise.",
    ),
    "lines_gap_db": Definition(
        "dB",
        "lower",
        "Difference in lines_db, without its sign, between the mean of the sounds for a scene and that of "
        "its recordings (for a sound taken from one, the others), averaged over scenes. Counted in scenes.",
        _OTHERS,
    ),
    "peaks_gap_db": Definition(
        "dB",
        "lower",
        "The same in peaks: the 99th percentile of the cells of the spectrogram above the sound's own mean "
        "spectrum, which calls and drops raise. Counted in scenes.",
        _OTHERS,
    ),
    "pulses_gap_db": Definition(
        "dB",
        "lower",
        "The same in how much the power of mel bands moves 4 to 16 and 16 to 64 times a second, both "
        "differences averaged. Counted in scenes.",
        _OTHERS,
    ),
    "texture_distance": Definition(
        "",
        "lower",
        "Energy distance between the sounds for the photos of a scene and the real recordings of that "
        "scene, in the texture statistics of McDermott and Simoncelli, averaged over scenes: 0 in "
        "expectation where the sounds could be further recordings, below it by chance only; the floor is "
        "what recordings of other scenes reach.",
        "a scene with photos and recordings, two or more of each",
    ),
    "told_apart": Definition(
        "",
        "lower",
        "Area under the curve with which randomised trees on the same statistics tell the sounds from "
        "recordings of the photos' scenes: 0.5 where they cannot, 1 where they always can. They have heard "
        "neither these recordings nor other sounds that were taken or drawn from the same ones. Counted in "
        "sounds.",
        "sounds from two photos or recordings, and two recordings of their scenes, some of them unheard",
    ),
    "spread_ratio": Definition(
        "",
        "neither",
        "Standard deviation that the photo brings over that which the seed brings, in standardised log-mel "
        "statistics and between photos of different scenes; near 0 every photo sounds the same, but more is "
        "not better: whoever draws one sound per photo has the most. Counted in photos.",
        "two seeds, and photos of two scenes",
    ),
    "photo_swap_gain": Definition(
        "bit",
        "higher",
        "Bits per sample with a photo of another scene minus bits per sample with a photo of the clip's own: "
        "above 0 where the photo helps.",
    ),
    "bits_per_sample": Definition(
        "bit",
        "lower",
        "Bits per 16-bit sample that clips of one second of the split's recordings cost, scenes counting "
        "alike; the model is told the texture of the excerpt around the clip (duration_s), free of charge; "
        "an envelope counts with what it costs. A model that was trained on photos alone is told a photo of "
        "the clip's scene. Counted in clips.",
    ),
    "bits_per_sample_photo": Definition(
        "bit",
        "lower",
        "The same as bits_per_sample, but the model is told a photo of the clip's scene.",
    ),
    "nearest_excerpt": Definition(
        "",
        "neither",
        "Distance from the nearest training excerpt in standardised log-mel statistics, in units of the "
        "median distance between a training excerpt and the nearest one of another recording, whatever the "
        "scene; far below 1 the sound repeats an excerpt.",
        "two training recordings",
    ),
    "copied": Definition(
        "",
        "lower",
        "Largest normalised cross-correlation of the waveform with the excerpts of a training recording put "
        "together again, over all shifts: 1 for a copy at any level. Remainders shorter than an excerpt, "
        "silent excerpts and recordings without a scene are not looked at, and of each photo's sounds the "
        "first only.",
    ),
    "clicks": Definition(
        "",
        "lower",
        "Largest error of a linear prediction over the root mean square error around it: about 4.5 for noise "
        "of any colour, far above for a lone wrong sample.",
    ),
    "real_time_factor": Definition(
        "",
        "lower",
        "Seconds it took to make one second of sound on this machine, all photos together; the one metric "
        "that differs from run to run.",
    ),
}
"""Every metric by its name, in the order in which they are shown: the most telling first."""
