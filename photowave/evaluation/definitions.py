"""What each figure is, in one sentence, with its unit and which way is better."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Definition:
    """What a figure is."""

    unit: str
    """Empty for a plain number."""
    better: Literal["higher", "lower", "neither"]
    """Which way is better."""
    text: str
    """One sentence."""


DEFINITIONS = {
    "scene_recognised": Definition(
        "share",
        "higher",
        "Share of the sounds that a classifier (randomised trees) on log-mel statistics, trained on real "
        "recordings only, assigns to the photo's scene, scenes counting alike; the floor is chance.",
    ),
    "scene_rank": Definition(
        "",
        "lower",
        "Place of the photo's scene among all scenes by that classifier's probability, 1 being the best, "
        "ties half lost, scenes counting alike.",
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
    ),
    "long_term_spectrum_db": Definition(
        "dB",
        "lower",
        "Mean absolute difference, over 64 mel bands, between the mean power spectrum of all sounds for a "
        "scene and that of its recordings (for a sound taken from one, the others), averaged over scenes.",
    ),
    "level_difference_db": Definition(
        "dB",
        "lower",
        "Difference in level, without its sign, between each sound for a scene and the mean power of the "
        "scene's recordings as in long_term_spectrum_db, averaged over sounds and scenes.",
    ),
    "texture_distance": Definition(
        "",
        "lower",
        "Energy distance between the sounds for the photos of a scene and the real recordings of that "
        "scene, in the texture statistics of McDermott and Simoncelli, averaged over scenes: 0 in "
        "expectation where the sounds could be further recordings, below it by chance only; the floor is "
        "what recordings of other scenes reach.",
    ),
    "frechet_in_scene": Definition(
        "",
        "lower",
        "Squared Frechet distance between the sounds for the photos of a scene and the real excerpts of that "
        "scene, over the first six principal components of the standardised log-mel statistics and halves as "
        "in frechet_log_mel, averaged over scenes; the floor is the same with scenes permuted. Counted in "
        "scenes, which are also drawn anew for the interval.",
    ),
    "retrieval_mrr": Definition(
        "",
        "higher",
        "Mean of 1 / place of the first excerpt of the photo's scene when all real excerpts are ranked by "
        "their distance from the sound in standardised log-mel statistics, scenes counting alike; the floor "
        "is the exact mean over random orders.",
    ),
    "spread_ratio": Definition(
        "",
        "neither",
        "Standard deviation that the photo brings over that which the seed brings, in standardised log-mel "
        "statistics and between photos of different scenes; near 0 every photo sounds the same, but more is "
        "not better: whoever draws one sound per photo has the most. Counted in photos.",
    ),
    "photo_swap_gain": Definition(
        "bit",
        "higher",
        "Bits per sample with a photo of another scene minus bits per sample with a photo of the clip's own: "
        "above 0 where the photo helps.",
    ),
    "texture_marginals": Definition("", "lower", "The same in the moments of the cochlear envelopes alone."),
    "texture_correlations": Definition(
        "", "lower", "The same in the correlations between the envelopes of two bands alone."
    ),
    "texture_modulation": Definition(
        "", "lower", "The same in the power of the envelopes' modulations, 0.5 to 200 Hz, alone."
    ),
    "spectral_distance_db": Definition(
        "dB",
        "lower",
        "The same in mean mel spectra (windows of 8, 32 and 128 ms), two sounds being as far apart as their "
        "spectra differ in dB on average.",
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
        "The same, where the model is told a photo of the clip's scene.",
    ),
    "retrieval_recall_1": Definition(
        "share",
        "higher",
        "Share of the sounds whose nearest real excerpt is of the photo's scene, scenes counting alike.",
    ),
    "retrieval_recall_5": Definition(
        "share",
        "higher",
        "Share of the sounds with an excerpt of the photo's scene among the five nearest real excerpts, "
        "scenes counting alike.",
    ),
    "frechet_log_mel": Definition(
        "",
        "lower",
        "Squared Frechet distance between the standardised log-mel statistics of all sounds and of all real "
        "excerpts, whatever their scene: the mean over two halves of the recordings, where sounds taken from "
        "one half are compared with the other and the rest are dealt to both.",
    ),
    "nearest_excerpt": Definition(
        "",
        "neither",
        "Distance from the nearest training excerpt in standardised log-mel statistics, in units of the "
        "median distance between a training excerpt and the nearest one of another recording, whatever the "
        "scene; far below 1 the sound repeats an excerpt.",
    ),
    "copied": Definition(
        "",
        "lower",
        "Largest normalised cross-correlation of the waveform with the excerpts of a training recording put "
        "together again, over all shifts: 1 for a copy at any level. Remainders shorter than an excerpt, "
        "silent excerpts and recordings without a scene are not looked at, and of each photo's sounds the "
        "first only.",
    ),
    "level_dbfs": Definition(
        "dBFS",
        "neither",
        "Root mean square level; recordings are brought to that which the model was "
        "trained at, -20 unless it was changed.",
    ),
    "silent_share": Definition("share", "lower", "Share of the 20 ms frames whose level is below -60 dBFS."),
    "clipped_share": Definition("share", "lower", "Share of the samples that reach 0.999 of full scale."),
    "flatness": Definition(
        "dB",
        "neither",
        "Geometric over arithmetic mean of the mean power spectrum: 0 for white noise, far below for tones.",
    ),
    "drift_db_per_s": Definition(
        "dB/s", "lower", "How fast the level rises or falls over the whole sound, without its sign."
    ),
    "spectrum_drift_db": Definition(
        "dB",
        "lower",
        "Mean absolute difference between the mean mel spectra of the first and the last fifth of the sound.",
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
        "Seconds it took to make one second of sound on this machine, all photos together; the one figure "
        "that differs from run to run.",
    ),
}
"""Every figure by its name, in the order in which they are shown: the most telling first."""
