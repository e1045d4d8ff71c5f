"""Sounds as files of their own, each with its description beside it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from photowave.atomic import replacing, unwritten
from photowave.batch.drawing import Drawn
from photowave.batch.existing import WRITTEN_IN, formats_of_same, is_there
from photowave.batch.jobs import Fault, Job
from photowave.errors import ConfigError, MediaError
from photowave.settings import OutputSettings

if TYPE_CHECKING:
    from photowave.generation import Soundscape


class Store(Protocol):
    """Where sounds go."""

    def is_there(self, job: Job, take: int, asked: Callable[[], Mapping[str, Any]]) -> bool:
        """Whether a sound is there that was drawn from the same; see `existing.is_there`."""

    def expect(self, job: Job) -> None:
        """Know that a sound of this job is going to be written, or to fail."""

    def write(self, drawn: Drawn) -> str:
        """Write a sound; a line that tells it."""

    def fail(self, fault: Fault) -> None:
        """Know that what was expected does not come."""

    def finish(self) -> None:
        """Nothing more comes."""


class SoundFolder:
    """Writes `OUT/<name>.<format>` and `OUT/<name>.json`.

    Args:
        folder: OUT.
        output: The format, and how many takes there are.
        spectrogram: Whether a picture is written beside each sound.
    """

    def __init__(self, folder: Path, output: OutputSettings, *, spectrogram: bool = False):
        self._folder, self._output, self._spectrogram = folder, output, spectrogram

    def file(self, job: Job, take: int) -> Path:
        """Where a take goes."""
        name = sound_name(job, take, self._output)
        return (self._folder / name).with_name(f"{name.name}.{self._output.format}")

    def is_there(self, job: Job, take: int, asked: Callable[[], Mapping[str, Any]]) -> bool:
        """See `Store`."""
        return is_there(self.file(job, take), asked)

    def expect(self, job: Job) -> None:
        """See `Store`: nothing depends on it."""

    def write(self, drawn: Drawn) -> str:
        """See `Store`.

        Raises:
            MediaError: The sound cannot be written.
            ConfigError: Its description cannot.
        """
        file, sound, target = self.file(drawn.job, drawn.take), drawn.sound, drawn.job.target
        note = f"real-time factor {sound.info['real_time_factor']:.2f}"
        told = save_sound(
            file, target.told, sound, photo=target.photo_name, bits=self._output.bits, note=note
        )
        if self._spectrogram:
            # Not OUT/<name>.png: that may be the photo itself.
            picture = file.with_name(f"{file.stem}-spectrogram.png")
            try:
                with replacing(picture) as temporary:
                    sound.spectrogram().save(temporary)
            except OSError as error:
                raise MediaError(unwritten(picture, error)) from error
        return told

    def fail(self, fault: Fault) -> None:
        """See `Store`: nothing depends on it."""

    def finish(self) -> None:
        """See `Store`: all is written already."""


def sound_name(job: Job, take: int, output: OutputSettings) -> Path:
    """Name a take: as its photo or its row, and where there are several with its number, from 1."""
    name = job.target.name
    return name if output.takes == 1 else name.with_name(f"{name.name}-{take + 1}")


def save_sound(
    target: Path, told: str, sound: "Soundscape", *, photo: str | None, note: str, bits: int = 16
) -> str:
    """Write a sound, and what is known of it as JSON beside it.

    Args:
        target: The sound file; its folder is made if it is not there.
        told: What it was drawn for.
        sound: Its sound.
        photo: The name of the photo; None without one.
        note: What to say of the sound beside its length and level.
        bits: See `Soundscape.save`.

    Returns:
        A line that tells it.

    Raises:
        MediaError: The sound cannot be written.
        ConfigError: The description cannot.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(unwritten(target, error)) from error
    import torch

    from photowave.audio import write_sound

    described = target.with_suffix(".json")
    description = {**({} if photo is None else {"photo": photo}), **sound.info}
    description[WRITTEN_IN] = sorted({target.suffix[1:]} | formats_of_same(described, description))
    before = described.read_bytes() if described.is_file() else None

    def ready() -> None:
        # Whenever a run is killed, no description stands beside a sound that it does not tell of. Where there
        # was none it comes first: a sound that nothing describes would be taken for one of the user's own.
        if target.is_file():
            described.unlink(missing_ok=True)
        else:
            write_json(described, description)

    try:
        write_sound(target, torch.from_numpy(sound.samples), sound.sample_rate, bits=bits, ready=ready)
    except MediaError:
        if before is None:
            described.unlink(missing_ok=True)
        elif not described.is_file() or described.read_bytes() != before:
            described.write_bytes(before)
        raise
    if not described.is_file():
        write_json(described, description)
    return f"{told} -> {target}  ({sound.duration_s:.2f} s, {sound.rms_dbfs:.1f} dBFS, {note})"


def write_json(path: Path, tree: Mapping[str, Any]) -> None:
    """Write plain values as JSON; the file appears under its name only when it is complete.

    Args:
        path: In a folder that exists.
        tree: What to write.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(unwritten(path, error)) from error
