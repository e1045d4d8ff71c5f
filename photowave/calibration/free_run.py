"""What free runs of the coarser stack miss beside the recordings, measured once a model is trained.

Teacher-forced scores do not see how a stack does on its own past. So what recordings do is measured before
the training (`free_run_targets`, kept in its checkpoints), and what free runs make of it at the end
(`correct_free_runs`, when a checkpoint is exported).
"""

from dataclasses import dataclass, fields
from typing import Any, Self

import torch
from torch import Tensor

from photowave.audio import power_db
from photowave.calibration.strays import leave_out
from photowave.errors import CheckpointError
from photowave.generation.packing import pack
from photowave.generation.sampler import CachedSampler
from photowave.model import EnvelopeStack, PhotowaveModel, TextureConditioner
from photowave.pairs.bank import SoundBank

MOST_WINDOWS = 1024
"""Envelopes that are drawn at once; of more texture windows, some of each recording are taken."""
MOST_OFF_DB = 3.0
"""A texture is left out if envelopes drawn for it lie farther off the level of its recording."""
_SHORTEST = 2  # knots of a window that has a spread
_TAKES = 8  # of each texture of the codebook, or as many as there is room for


@dataclass(frozen=True)
class FreeRunTargets:
    """What recordings of the training do, window by window.

    Attributes:
        steps: Steps of the envelope in a whole window, int64 [].
        textures: Textures of the windows, [windows, texture].
        mean: Mean of each component in them, [windows, components].
        spread: Standard deviation of each component in them, [windows, components].
        weights: How much each window counts, [windows].
        levels_db: Level of the recording of each texture of the codebook, [codebook].
    """

    steps: Tensor
    textures: Tensor
    mean: Tensor
    spread: Tensor
    weights: Tensor
    levels_db: Tensor

    def to_checkpoint(self) -> dict[str, Tensor]:
        """Give the tensors by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_checkpoint(cls, saved: Any) -> Self:
        """Take them back.

        Raises:
            CheckpointError: They are none.
        """
        names = {field.name for field in fields(cls)}
        there = set(saved) if isinstance(saved, dict) else set()
        if there != names or not all(isinstance(value, Tensor) for value in saved.values()):
            raise CheckpointError(
                "what the checkpoint tells of free runs cannot be read. Give one that 'photowave fit' wrote."
            )
        return cls(**saved)


@torch.no_grad()
def free_run_targets(envelope: EnvelopeStack, bank: SoundBank, owners: Tensor) -> FreeRunTargets | None:
    """Measure recordings of the training.

    Args:
        envelope: Its components are fitted.
        bank: The recordings.
        owners: The recording of each texture of the codebook, [codebook].

    Returns:
        What they do; None where all windows are too short to have a spread.
    """
    steps = max(_SHORTEST, round(bank.window_s * envelope.knots_per_s))
    every = -(-sum(len(r.textures) for r in bank.recordings) // MOST_WINDOWS)
    textures, means, spreads, weights = [], [], [], []
    for recording in bank.recordings:
        chosen = range(0, len(recording.textures), every)
        for window in chosen:
            first = round(window * bank.HOP_S * envelope.knots_per_s)
            part = envelope.frames(recording.spectra[first : first + steps])
            if len(part) >= _SHORTEST:
                textures.append(recording.textures[window])
                means.append(part.mean(0))
                spreads.append(part.std(0, correction=0))
                weights.append(1.0 / len(chosen))
    if not textures:
        return None
    levels = torch.stack([power_db(recording.spectra) for recording in bank.recordings])
    return FreeRunTargets(
        steps=torch.tensor(steps),
        textures=torch.stack(textures),
        mean=torch.stack(means),
        spread=torch.stack(spreads),
        weights=torch.tensor(weights),
        levels_db=levels[owners],
    )


@torch.no_grad()
def correct_free_runs(model: PhotowaveModel, targets: FreeRunTargets) -> None:
    """Draw envelopes for the textures of the training, and correct their mean and spread.

    The stack is let run as long as a window and then measured over another. Only `EnvelopeStack.correction`
    changes, which no score hangs on.

    Args:
        model: Changed in place; on the CPU. It has an envelope and textures.
        targets: What the recordings do.
    """
    envelope, conditioner = _parts(model)
    vectors = conditioner.texture_vector(targets.textures)
    steps = int(targets.steps)
    movements = _movements(envelope, vectors, past=steps, steps=steps)
    envelope.correct(vectors, movements, mean=targets.mean, spread=targets.spread, weights=targets.weights)


@torch.no_grad()
def leave_out_strays(model: PhotowaveModel, targets: FreeRunTargets) -> None:
    """Leave out textures whose envelopes come out too loud or too soft on average.

    ::

        recording -> texture of a window -> envelopes drawn -> level --.
            `-----------------> envelope of all of it -------> level ---- off by how much?

    Levels are averaged over takes in dB, which reads sounds with few loud moments as softer than their mean
    power is. Only `TextureConditioner.left_out` changes; see `leave_out`.

    Args:
        model: Changed in place; on the CPU, and `correct_free_runs` was done.
        targets: What the recordings do.
    """
    envelope, conditioner = _parts(model)
    takes = max(1, min(_TAKES, MOST_WINDOWS // len(conditioner.codebook)))
    vectors = conditioner.texture_vector(conditioner.codebook).repeat_interleave(takes, 0)
    past = envelope.wavenet.receptive_field
    movements = _movements(envelope, vectors, past=past, steps=int(targets.steps))
    mean, spread = envelope.drawn(vectors)
    drawn = power_db(envelope.spectra(mean + spread * movements)).view(-1, takes).mean(1)
    leave_out(conditioner, (drawn - targets.levels_db).abs(), most=MOST_OFF_DB)


def _parts(model: PhotowaveModel) -> tuple[EnvelopeStack, TextureConditioner]:
    envelope, conditioner = model.envelope, model.conditioner
    assert isinstance(envelope, EnvelopeStack)
    assert isinstance(conditioner, TextureConditioner)
    return envelope, conditioner


def _movements(envelope: EnvelopeStack, vectors: Tensor, *, past: int, steps: int) -> Tensor:
    """What free runs draw after a past that is dropped, [vectors, steps, components]."""
    wavenet, seeds = envelope.wavenet, list(range(len(vectors)))
    sampler = CachedSampler(wavenet, pack(wavenet), vectors=vectors, seeds=seeds)
    return sampler.draw(past + steps)[:, past:]
