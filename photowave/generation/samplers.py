"""The sampler that a model needs: compiled or on the device, and with an envelope one that leads another."""

from collections.abc import Mapping, Sequence
from typing import Any

import numba
import torch
from torch import Tensor

from photowave.errors import ConfigError
from photowave.generation.following import FollowingSampler, knots_per_block
from photowave.generation.graph_sampler import GraphSampler
from photowave.generation.kept_sampler import KeptSampler
from photowave.generation.packing import PackedWaveNet, pack
from photowave.generation.randomness import Purpose
from photowave.generation.sampler import CachedSampler
from photowave.generation.spectral_sampler import SpectralSampler
from photowave.model import EnvelopeStack, KeptEnvelopes, PhotowaveModel, TextureConditioner
from photowave.settings import DrawSettings
from photowave.wavenet import SpectralOutput, WaveNet

Sampler = CachedSampler | SpectralSampler | GraphSampler | FollowingSampler

_FAR = 1e12
"""Added to the distance of textures that no photo is given: they come last."""


def pack_model(model: PhotowaveModel) -> dict[WaveNet, PackedWaveNet]:
    """Copy the weights of every WaveNet in a model for the compiled sampler."""
    stacks = [model.wavenet]
    if isinstance(model.envelope, EnvelopeStack):
        stacks.append(model.envelope.wavenet)
    return {stack: pack(stack) for stack in stacks}


def compiled_sampler(
    wavenet: WaveNet, packed: PackedWaveNet, **arguments: Any
) -> CachedSampler | SpectralSampler:
    """Make the compiled sampler that fits the output; see `CachedSampler` for the arguments.

    Raises:
        ConfigError: Compiling is switched off.
    """
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]  # set when it is imported
        raise ConfigError(
            "NUMBA_DISABLE_JIT=1 switches compiling off, and without it a sound takes hours. Unset it."
        )
    kind = SpectralSampler if isinstance(wavenet.output, SpectralOutput) else CachedSampler
    return kind(wavenet, packed, **arguments)


def frames_per_knot(model: PhotowaveModel) -> float:
    """Frames from one knot of a conditioning track to the next; 1, and not used, where there is none."""
    source = model.envelope or model.conditioner
    return model.config.audio.frame_rate / (source.knots_per_s or 1.0)


def build_sampler(
    model: PhotowaveModel,
    packed: Mapping[WaveNet, PackedWaveNet],
    settings: DrawSettings,
    *,
    vectors: Tensor,
    seeds: Sequence[int],
) -> Sampler:
    """Make what draws the frames of a model: `CachedSampler`, or without `packed` the sampler for devices.

    `vectors` are [sounds, conditioning], or where the model has no envelope also the knots of tracks,
    [sounds, knots, conditioning].
    """
    null, envelope = model.conditioner.null.detach(), model.envelope
    spacing = frames_per_knot(model)

    def sampler(
        wavenet: WaveNet, vectors: Tensor, *, purpose: Purpose = Purpose.FRAMES
    ) -> CachedSampler | SpectralSampler | GraphSampler:
        common: dict[str, Any] = {
            "vectors": vectors,
            "seeds": seeds,
            "frames_per_knot": spacing,
            "temperature": settings.temperature,
            "guidance": settings.guidance,
            "null": null,
            "purpose": purpose,
        }
        if isinstance(wavenet.output, SpectralOutput):
            common["regions"] = envelope.regions if isinstance(envelope, KeptEnvelopes) else None
        if not packed:
            return GraphSampler(wavenet, **common)
        return compiled_sampler(wavenet, packed[wavenet], threads=settings.threads, **common)

    if envelope is None:
        return sampler(model.wavenet, vectors)
    if isinstance(envelope, EnvelopeStack):
        coarse: Any = sampler(envelope.wavenet, vectors, purpose=Purpose.ENVELOPE)
        unheard = envelope.wavenet.receptive_field
    else:
        coarse, unheard = kept_sampler(model, settings, vectors=vectors, seeds=seeds), 0
    # The compiled sampler takes a track of any length; a device needs room for one.
    room = vectors if packed else vectors[:, None].expand(-1, knots_per_block(spacing), -1)
    return FollowingSampler(
        envelope,
        coarse=coarse,
        fine=sampler(model.wavenet, room),
        vectors=vectors,
        null=null,
        frames_per_knot=spacing,
        guidance=settings.guidance,
        unheard=unheard,
    )


def kept_sampler(
    model: PhotowaveModel, settings: DrawSettings, *, vectors: Tensor, seeds: Sequence[int]
) -> KeptSampler:
    """Make what follows the envelopes that are kept for the textures with the nearest vectors."""
    conditioner, envelope = model.conditioner, model.envelope
    assert isinstance(envelope, KeptEnvelopes)
    assert isinstance(conditioner, TextureConditioner)
    with torch.no_grad():
        entries = torch.arange(len(conditioner.codebook), device=vectors.device)
        known = conditioner.entry_vector(entries).double()
        # Sound by sound, so that company changes nothing; and never one that is left out.
        off = [(known - vector.double()).square().sum(-1) for vector in vectors]
        nearest = [int(torch.where(conditioner.drawn, o, o + _FAR).argmin()) for o in off]
    powers = [envelope.log_powers(entry) for entry in nearest]
    return KeptSampler(
        [envelope.stretch(entry) for entry in nearest],
        seeds=seeds,
        knots_per_s=envelope.knots_per_s,
        temperature=settings.temperature,
        powers=[part for part in powers if part is not None],
        frames_per_knot=frames_per_knot(model),
    )
