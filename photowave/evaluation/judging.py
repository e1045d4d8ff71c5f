"""From sounds to figures and verdict, whoever made the sounds."""

from collections.abc import Callable, Sequence

from photowave.errors import ConfigError
from photowave.evaluation.definitions import DEFINITIONS
from photowave.evaluation.features import measure
from photowave.evaluation.figures import compute_figures, likelihood_figures
from photowave.evaluation.likelihood import Likelihood
from photowave.evaluation.result import Figure
from photowave.evaluation.types import EvaluatedPhotos, RealSounds, SystemSounds
from photowave.evaluation.verdict import verdict
from photowave.evaluation.yardstick import CEILING, Yardstick

Progress = Callable[[str, float, float], None]
"""Called with what is being done, how much was just done, and how much it is in all."""


def judge_systems(
    systems: Sequence[SystemSounds],
    real: RealSounds,
    photos: EvaluatedPhotos,
    *,
    mels: int = 40,
    seed: int = 0,
    judged: str = "model",
    likelihood: Likelihood | None = None,
    progress: Progress | None = None,
) -> tuple[list[Figure], str]:
    """Judge sounds, whoever made them.

    Args:
        systems: What each made of the photos; `real` gives the ceilings.
        real: All recordings, in excerpts as long as the sounds.
        photos: The photos.
        mels: Log-mel bands of the texture vectors.
        seed: What all chance follows from.
        judged: The system that the verdict is about.
        likelihood: What recordings cost the model, if that was measured; its figures join the others.
        progress: Called as the work goes on.

    Returns:
        The figures of all systems in the order of `DEFINITIONS`, and the verdict.

    Raises:
        ConfigError: There is no system of the name `judged`.
        PairError: There are too few scenes or recordings.
        MediaError: Sounds are too short, NaN or infinite.
    """
    if judged not in [sounds.name for sounds in systems]:
        raise ConfigError(
            f"judged={judged!r}: no such system; there are {', '.join(s.name for s in systems)}. Name one."
        )
    tell = progress or tell_nobody
    parts = [real.samples, *(sounds.samples.flatten(0, 1) for sounds in systems)]
    total = sum(map(len, parts))
    of_real, *features = measure(
        parts, sample_rate=real.sample_rate, mels=mels,
        progress=lambda done: tell("measuring sounds", done, total),
    )  # fmt: skip
    figures, spreads = compute_figures(
        Yardstick(real, of_real, photos, seed), systems, features,
        progress=lambda done: tell("comparing", done, len(systems)),
    )  # fmt: skip
    figures += likelihood_figures(likelihood, seed=seed)
    figures.sort(key=lambda figure: list(DEFINITIONS).index(figure.name))
    of_judged = {figure.name: figure for figure in figures if figure.system == judged}
    nearest = {f.system: f for f in figures if f.name == "nearest_excerpt"}
    return figures, verdict(
        of_judged["scene_recognised"],
        spreads[judged],
        texture=of_judged["texture_distance"],
        swap_gain=of_judged.get("photo_swap_gain"),
        nearest=nearest[judged],
        nearest_of_real=nearest.get(CEILING),
    )


def tell_nobody(what: str, done: float, total: float) -> None:
    """Do nothing: the progress of whoever does not ask for it."""
