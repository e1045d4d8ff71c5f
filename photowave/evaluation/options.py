"""What a user may set for an evaluation, checked before anything heavy is imported: no torch here."""

from photowave.errors import ConfigError
from photowave.generation.options import check_options

SPLITS = ("train", "val", "test")
MOST_SEEDS = 100
MOST_PHOTOS = 10_000
LONGEST_S = 60.0


def check_evaluation(
    *,
    split: str,
    photos: int,
    seeds: int,
    duration_s: float,
    seed: int,
    temperature: float,
    guidance: float,
) -> None:
    """Check what a user may set for an evaluation.

    Args:
        split: `train`, `val` or `test`.
        photos: Photos at the most: 2 to 10,000.
        seeds: Sounds per photo: 1 to 100.
        duration_s: Length of each sound in seconds: 1 to 60.
        seed: A whole number, 0 or more.
        temperature: Above 0, at most 10.
        guidance: 0 to 20.

    Raises:
        ConfigError: A setting is out of range.
    """
    check_options(duration_s=duration_s, seed=seed, temperature=temperature, guidance=guidance)
    if split not in SPLITS:
        raise ConfigError(f"split={split!r}: must be one of {', '.join(SPLITS)}. The default is test.")
    if isinstance(photos, bool) or not isinstance(photos, int) or not 2 <= photos <= MOST_PHOTOS:
        raise ConfigError(
            f"photos={photos!r}: must be a whole number from 2 to {MOST_PHOTOS}. The default is 50."
        )
    if isinstance(seeds, bool) or not isinstance(seeds, int) or not 1 <= seeds <= MOST_SEEDS:
        raise ConfigError(
            f"seeds={seeds!r}: must be a whole number from 1 to {MOST_SEEDS}. The default is 3."
        )
    if not 1.0 <= duration_s <= LONGEST_S:
        raise ConfigError(
            f"duration_s={duration_s:g}: sounds of 1 to {LONGEST_S:g} seconds can be judged. "
            "The default is 5."
        )
