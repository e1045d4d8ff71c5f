"""Noise on the past that a decoder sees, so that it learns to come back when its own past is not perfect.

A decoder that was only ever shown true pasts has never seen the small errors of its own free run (exposure
bias). Each clip is given noise of its own level, from hardly any to as loud as the sound; a quarter stays
clean. Targets always do. Over many narrow bands noise is as loud as the sound just there: else it would drown
what is soft, and with it the lines that stand out of it.

A past that is too loud or too soft as a whole is another such error: the level would wander, since loud
follows on loud. Random gains teach the decoder to take the level from its conditioning. Over narrow bands
some of them are far larger, so that it finds the way back from anywhere.
"""

import torch
from torch import Tensor, nn

from photowave.wavenet import BandOutput, MixtureOutput, OutputDistribution, SpectralOutput

CLEAN_SHARE = 0.25
"""Share of the clips whose past stays as it is."""
RANGE = 100.0
"""Loudest over softest noise; in between, every octave is as likely."""
_NEAR = 5  # bands over which the level of a frame is taken
_WILD_SHARE, _WILD = 0.15, 5.0  # of the clips whose gain for the whole is so much larger
_KNOTS = (12, 6)  # between which the gains of narrow bands run in straight lines: own bands, those above


def noisy_history(
    frames: Tensor,
    output: OutputDistribution,
    *,
    loudest: float,
    generator: torch.Generator,
    gain: float = 0.0,
) -> Tensor:
    """Add noise to frames, and change their level.

    Args:
        frames: Levels [batch, time] or band frames [batch, time, bands].
        output: What says how loud the frames are: the scale of each band, or for mu-law levels a quarter of
            their number.
        loudest: Standard deviation of the loudest noise, in those units.
        generator: On the device of the frames.
        gain: Spread of the gains of band frames in nepers (8.7 dB), one for the clip and one for each band,
            or, over many narrow bands, a smooth line of them; there some clips have a gain five times as
            large. They are constant over a clip and leave the clean clips clean. Levels have none.

    Returns:
        The same shape and type; levels stay within their range.
    """
    chance = torch.rand(2, len(frames), generator=generator, device=frames.device)
    changed = chance[1] >= CLEAN_SHARE
    sizes = loudest * RANGE ** -chance[0] * changed
    noise = torch.randn(frames.shape, generator=generator, device=frames.device)
    noise = noise * sizes.view(-1, *[1] * (frames.dim() - 1))
    if isinstance(output, BandOutput):
        spectral = isinstance(output, SpectralOutput)
        if gain > 0:
            knots = sum(_KNOTS) if spectral else frames.shape[-1]
            nepers = torch.randn(len(frames), 1, 1 + knots, generator=generator, device=frames.device)
            whole, nepers = nepers[..., :1], nepers[..., 1:]
            if isinstance(output, SpectralOutput):
                wild = torch.rand(len(frames), 1, 1, generator=generator, device=frames.device) < _WILD_SHARE
                whole, nepers = torch.where(wild, _WILD * whole, whole), _smooth(nepers, output)
            nepers = whole + nepers
            frames = frames * (nepers * gain * changed.view(-1, 1, 1)).exp()
        return frames + noise * (_level(frames, output) if spectral else output.scale)
    return (frames + (noise * (output.channels / 4)).round().long()).clamp(0, output.channels - 1)


def noisy_components(frames: Tensor, *, spread: float, loudest: float, generator: torch.Generator) -> Tensor:
    """Add noise to the components of an envelope; a quarter of the clips stay clean, as above.

    Args:
        frames: [batch, time, components].
        spread: Standard deviation of a component.
        loudest: That of the loudest noise, in units of it.
        generator: On the device of the frames.

    Returns:
        The same shape.
    """
    chance = torch.rand(2, len(frames), generator=generator, device=frames.device)
    sizes = loudest * RANGE ** -chance[0] * (chance[1] >= CLEAN_SHARE)
    noise = torch.randn(frames.shape, generator=generator, device=frames.device)
    return frames + noise * sizes.view(-1, 1, 1) * spread


def _smooth(knots: Tensor, output: SpectralOutput) -> Tensor:
    """Lines through knots [batch, 1, knots], over all bands."""
    bands = (output.own, output.bands - output.own)
    parts = zip(torch.split(knots, list(_KNOTS), -1), bands, strict=True)
    lines = [
        nn.functional.interpolate(part, size=size, mode="linear", align_corners=True)
        for part, size in parts
        if size
    ]
    return torch.cat(lines, -1)


def _level(frames: Tensor, output: BandOutput) -> Tensor:
    """Root mean square of the bands around each in its frame, [batch, time, bands].

    Neighbours in time are left out: a past must not tell how loud the next frame is.
    """
    around = nn.functional.avg_pool1d(
        (frames / output.scale).square(), _NEAR, 1, _NEAR // 2, count_include_pad=False
    )
    return around.sqrt() * output.scale


def shifted_history(
    frames: Tensor, output: MixtureOutput, *, spread: float, generator: torch.Generator
) -> Tensor:
    """Shift frames as a whole, so that their past tells how they move better than where they are.

    A past that tells everything leaves nothing to the conditioning: it is then soon ignored, and a free run
    goes wherever chance takes it.

    Args:
        frames: [batch, time, bands].
        output: What says how large each band is.
        spread: Standard deviation of the largest shifts in units of its scale; each clip has a size of its
            own between none and that, a quarter of them none, and each band a shift of its own.
        generator: On the device of the frames.

    Returns:
        The same shape.
    """
    chance = torch.rand(2, len(frames), 1, 1, generator=generator, device=frames.device)
    sizes = spread * chance[0] * (chance[1] >= CLEAN_SHARE)
    shifts = torch.randn(len(frames), 1, frames.shape[-1], generator=generator, device=frames.device)
    return frames + sizes * shifts * output.scale
