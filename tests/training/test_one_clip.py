"""Training on one clip: what is left in the folder, that it is learned and not stored, and the diagnosis."""

import json
import math
import signal
from dataclasses import replace
from pathlib import Path

import lightning as L
import pytest
import soundfile
import torch
from PIL import Image
from torch import Tensor

from photowave import recipes
from photowave.audio import normalise, read_sound, resample, write_sound
from photowave.audio.likeness import Likeness, likeness, log_mel_db
from photowave.checkpoint import load_model
from photowave.errors import ConfigError, MediaError
from photowave.generation import SoundscapeGenerator
from photowave.pairs.clips import Clip
from photowave.settings import DrawSettings, OverfitSettings
from photowave.training.baselines import BaselineScores
from photowave.training.clip_report import ClipReport
from photowave.training.clip_result import ClipResult, diagnose, follow
from photowave.training.one_clip import clip_recipe, overfit
from photowave.training.setup import build_training, read_splits
from photowave.training.task import SoundscapeTask

RATE = 16_000
STEPS = 300


def strokes(seconds: float = 1.5) -> Tensor:
    """Three struck tones of different pitch, one after the other."""
    time = torch.arange(int(seconds * RATE)) / RATE
    samples = 1e-4 * torch.randn(len(time), generator=torch.Generator().manual_seed(0))
    for start, pitch in ((0.1, 300.0), (0.6, 1_100.0), (1.0, 2_700.0)):
        since = (time - start).clamp_min(0)
        samples += (time > start) * torch.sin(2 * math.pi * pitch * since) * torch.exp(-8 * since)
    return 0.4 * samples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short training, done once."""
    out = tmp_path_factory.mktemp("overfit")
    write_sound(out / "clip.wav", strokes(), RATE)
    lines: list[str] = []
    overfit(out / "clip.wav", OverfitSettings(steps=STEPS, out=str(out / "run")), tell=lines.append)
    (out / "run" / "lines.txt").write_text("\n".join(lines))
    return out / "run"


@pytest.fixture(scope="module")
def generator(folder: Path) -> SoundscapeGenerator:
    return SoundscapeGenerator(load_model(folder / "model.safetensors"))


def test_sounds_picture_and_report_are_there(folder: Path) -> None:
    clip, _ = read_sound(folder.parent / "clip.wav")
    for name in ("original", "free_run", "teacher_forced"):
        samples, rate = read_sound(folder / f"{name}.wav")
        assert (rate, len(samples)) == (RATE, len(clip))
    original, _ = read_sound(folder / "original.wav")
    assert torch.equal(original, clip)
    with Image.open(folder / "spectrograms.png") as picture:
        assert min(picture.size) > 500
    report = json.loads((folder / "report.json").read_text())
    assert set(report) == set(ClipResult.__annotations__)
    assert report["steps"] == STEPS
    assert report["parameters"] <= 2_000_000
    free, _ = read_sound(folder / "free_run.wav")
    found = likeness(original, free, sample_rate=RATE)
    assert found.correlation == pytest.approx(report["correlation"], abs=0.01)
    assert "learned weights" in (folder / "lines.txt").read_text()


def test_it_begins_to_play_the_clip(folder: Path) -> None:
    """A few seconds of training do not make a copy, but what is drawn is nearer to the clip than at first."""
    report = json.loads((folder / "report.json").read_text())
    untrained = folder.parent / "untrained"
    options = OverfitSettings(steps=1, out=str(untrained))
    before = overfit(folder.parent / "clip.wav", options, tell=lambda line: None)
    assert report["correlation"] > before.correlation + 0.1
    assert report["bits_per_sample"] < before.bits_per_sample - 1


def test_the_bits_are_those_of_the_model_in_the_folder(folder: Path, generator: SoundscapeGenerator) -> None:
    report = json.loads((folder / "report.json").read_text())
    clip, _ = read_sound(folder / "original.wav")
    samples = normalise(clip, rms_dbfs=-20.0)
    _, bits = follow(generator.model, samples, seed=0, temperature=1.0)
    assert bits == pytest.approx(report["bits_per_sample"], abs=1e-3)
    frames = generator.model.codec.encode(samples[None])
    seconds = torch.arange(frames.shape[1])[None] / 1_000
    vectors = generator.model.conditioner.training_vector(frames, frames, seconds=seconds)
    at_once = -float(generator.model.wavenet.score(frames, vectors).mean()) / 16
    assert bits == pytest.approx(at_once, abs=1e-3)


def correlation(a: Tensor, b: Tensor) -> float:
    """Largest normalised cross-correlation of the shorter with any stretch of the longer."""
    short, long = sorted((a.double().flatten(), b.double().flatten()), key=len)
    short, size = short - short.mean(), len(short)
    spectrum = torch.fft.rfft(long) * torch.fft.rfft(short, len(long)).conj()
    products = torch.fft.irfft(spectrum, len(long))[: len(long) - size + 1]
    sums, squares = (torch.cat([x.new_zeros(1), x.cumsum(0)]) for x in (long, long.square()))
    energy = squares[size:] - squares[:-size] - (sums[size:] - sums[:-size]).square() / size
    return float((products / (energy.clamp_min(1e-9).sqrt() * short.norm())).abs().max())


def test_no_tensor_holds_the_clip(folder: Path, generator: SoundscapeGenerator) -> None:
    """Neither a stretch of the waveform nor of the spectrogram lies in any weight, read along either axis."""
    waveform = strokes()
    spectrogram = log_mel_db(waveform, RATE)
    sought = {"waveform": [waveform[1_600:4_000]], "spectrogram": [spectrogram, spectrogram.t()]}
    tensors = generator.model.state_dict()
    assert len(tensors) > 20
    for name, tensor in tensors.items():
        if tensor.numel() < 256:
            continue
        readings = [tensor] if tensor.dim() < 2 else [tensor, tensor.flatten(1).t()]
        for what, parts in sought.items():
            for part in parts:
                for reading in readings:
                    found = correlation(part[..., :2_400].flatten()[:2_000], reading)
                    assert found < 0.6, f"{name} looks like the {what}: {found:.2f}"
    of_position = sum(t.numel() for name, t in tensors.items() if "tables" in name)
    assert of_position < len(waveform) / 8


def test_a_hidden_copy_would_be_found() -> None:
    """The check above can fail."""
    waveform = strokes()
    spectrogram = log_mel_db(waveform, RATE)
    weights = torch.cat([torch.randn(64, 9), 0.01 * spectrogram, torch.randn(64, 5)], 1)
    assert max(correlation(spectrogram.t().flatten()[:2_000], w) for w in (weights, weights.t())) > 0.9
    hidden = torch.cat([torch.randn(500), 0.01 * waveform[1_000:5_000], torch.randn(300)])
    assert correlation(waveform[1_600:3_600], hidden) > 0.99
    assert correlation(waveform[1_600:3_600], torch.randn(5_000)) < 0.2


def test_with_the_position_held_it_plays_something_else(folder: Path, generator: SoundscapeGenerator) -> None:
    track = generator.model.conditioner.photo_vector(torch.zeros(1, 1), torch.zeros(1)).detach()
    held = track[:, 20:21].expand_as(track)

    def like(vectors: Tensor) -> float:
        drawn = generator.draw(vectors, DrawSettings(duration_s=1.5, temperature=0.7), seeds=[0])[0]
        return likeness(strokes(), drawn, sample_rate=RATE).correlation

    assert like(track) > like(held) + 0.05


def test_the_recipe_does_the_same() -> None:
    """At the bands that are usual and the length that it allows, `photowave fit` trains the same."""
    recipe = recipes.load("one_clip")
    data = replace(recipe.data, pairs="clip.wav")
    assert clip_recipe("clip.wav", duration_s=10.0, bands=16) == replace(recipe, data=data)


@pytest.mark.parametrize("bands", [2, 4, 8, 16])
def test_the_receptive_field_does_not_hang_on_the_bands(bands: int) -> None:
    config = clip_recipe("clip.wav", duration_s=8.0, bands=bands).model
    assert (config.audio.bands, config.conditioning.longest_s) == (bands, 8.0)
    assert sum(config.wavenet.dilations) * bands == pytest.approx(2 * 64 * 16, rel=0.02)


GOOD, BAD = Likeness(0.9, 3.0), Likeness(0.5, 15.0)
CLIP = strokes()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "it plays the clip"),
        ({"free": BAD, "calmer": BAD, "forced": BAD}, "not learned yet"),
        ({"free": BAD, "calmer": BAD}, "exposure bias"),
        ({"free": BAD}, "temperature too high"),
        ({"free": BAD, "calmer": BAD, "bits": 9.5}, "undertrained: 9.50 bits per sample"),
        ({"free": BAD, "calmer": BAD, "forced": BAD, "bits": math.nan}, "learning rate is too high"),
        ({"free": BAD, "calmer": BAD, "forced": BAD, "bits": 13.5}, "learning rate is too high"),
        ({"free": Likeness(0.2, 20.0), "calmer": Likeness(0.3, 20.0)}, "exposure bias"),
        ({"free": Likeness(0.79, 5.0), "calmer": BAD, "forced": Likeness(0.82, 5.0)}, "exposure bias"),
        ({"samples": (3 * CLIP).clamp(-1, 1)}, "the clip is clipped"),
        ({"free": Likeness(0.99, 1.0), "noise": 0.95}, "it plays the clip"),
    ],
)
def test_the_diagnosis_names_the_cause(changes: dict[str, object], words: str) -> None:
    known = {"free": GOOD, "calmer": GOOD, "forced": GOOD, "noise": 0.2, "bits": 6.0, "bits_linear": 9.0}
    known |= {"bits_histogram": 13.0, "samples": CLIP}
    said = diagnose(**{**known, **changes})  # type: ignore[arg-type]
    assert words in said
    others = {"undertrained", "exposure", "temperature too", "not learned", "learning rate", "clipped"}
    assert not any(other in said for other in others if other not in words)
    plays = words in ("it plays the clip", "the clip is clipped")
    assert said.startswith("it plays" if plays else "it does not play")


@pytest.mark.parametrize(("free", "noise"), [(0.89, 0.89), (0.90, 0.87), (0.96, 0.96), (0.97, 0.96)])
def test_what_noise_does_as_well_is_not_the_clip(free: float, noise: float) -> None:
    copy = Likeness(free, 3.0)
    said = diagnose(
        free=copy, calmer=copy, forced=copy, noise=noise, bits=6.0, bits_linear=9.0, bits_histogram=13.0,
        samples=CLIP,
    )  # fmt: skip
    assert said.startswith("it does not play the clip more than noise with its spectrum, which has a correl")
    assert f"of {noise:.2f}; not learned yet" in said


@pytest.mark.parametrize(
    "wrong", [{"minutes": 0.0}, {"minutes": math.inf}, {"bands": 3}, {"bands": 1}, {"seed": -1}, {"steps": 0},
              {"seed": 2**32}, {"minutes": 1e13},
              {"temperature": 0.0}],
)  # fmt: skip
def test_wrong_options_are_named(wrong: dict[str, float]) -> None:
    ((name, _),) = wrong.items()
    with pytest.raises(ConfigError, match=rf"^{name}=.*(must|Leave)"):
        OverfitSettings(**wrong)  # type: ignore[arg-type]


def test_silence_and_odd_lengths_are_refused(tmp_path: Path) -> None:
    write_sound(tmp_path / "silent.wav", torch.zeros(2 * RATE), RATE)
    write_sound(tmp_path / "short.wav", strokes(0.5), RATE)
    (tmp_path / "clip.caf").touch()
    refused = {"silent.wav": "is silent", "short.wav": r"lasts 0\.5 s; a clip must last 1 to 30 s"}
    refused["clip.caf"] = r"not known as a sound by its suffix"
    for name, words in refused.items():
        options = OverfitSettings(out=str(tmp_path / "out"))
        with pytest.raises(MediaError, match=words):
            overfit(tmp_path / name, options, tell=print)
    assert not (tmp_path / "out").exists()


def test_a_training_that_diverges_ends_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sound(tmp_path / "clip.wav", strokes(), RATE)
    step = SoundscapeTask.training_step

    def diverging(self: SoundscapeTask, batch: Clip, index: int) -> dict[str, Tensor]:
        found = step(self, batch, index)
        return {**found, "loss": found["loss"] * (math.nan if index == 2 else 1.0)}

    monkeypatch.setattr(SoundscapeTask, "training_step", diverging)
    options = OverfitSettings(minutes=5.0, out=str(tmp_path / "run"))
    found = overfit(tmp_path / "clip.wav", options, tell=lambda line: None)
    assert found.steps == 3
    assert "the training diverged: the learning rate is too high" in found.diagnosis
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["bits_per_sample"] is None
    assert report["correlation"] == -1.0


def test_every_so_often_it_plays_and_ctrl_c_ends_early(tmp_path: Path) -> None:
    write_sound(tmp_path / "clip.wav", strokes(), RATE)
    lines: list[str] = []

    def tell(line: str) -> None:
        lines.append(line)
        if line.startswith("step 4 "):
            signal.raise_signal(signal.SIGINT)
            lines.append("went on after the signal")

    samples, _ = read_sound(tmp_path / "clip.wav")
    known = BaselineScores(uniform=14.0, histogram=13.0, linear_predictor=9.0)
    report = ClipReport(baselines=known, draw=lambda: GOOD, tell=tell, show=None, draw_every_s=0.0)
    trainer = L.Trainer(
        accelerator="cpu", max_steps=50, callbacks=[report], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, limit_val_batches=0,
    )  # fmt: skip
    recipe = clip_recipe(tmp_path / "clip.wav", duration_s=len(samples) / RATE, bands=16)
    task, data = build_training(config=recipe.model, training=recipe.training, data=recipe.data)
    read_splits(task, data, "fit")
    before = signal.getsignal(signal.SIGINT)
    trainer.fit(task, data)
    assert signal.getsignal(signal.SIGINT) is before
    played = [line for line in lines if "free run: correlation 0.900, 3.0 dB apart" in line]
    assert [line.split(" |")[0] for line in played] == [f"step {n}" for n in (1, 2, 3, 4)]
    assert "bits (linear 9.00, histogram 13.00, uniform 14.00)" in played[0]
    assert report.steps == 4
    assert lines[-1] == "went on after the signal"


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    """Neither an earlier result nor a clip that lies where a result would."""
    with pytest.raises(ConfigError, match=r"report\.json is there already"):
        overfit(folder.parent / "clip.wav", OverfitSettings(steps=1, out=str(folder)), tell=print)
    write_sound(tmp_path / "original.wav", strokes(), RATE)
    before = (tmp_path / "original.wav").read_bytes()
    with pytest.raises(ConfigError, match=r"original\.wav is there already"):
        overfit(tmp_path / "original.wav", OverfitSettings(steps=1, out=str(tmp_path)), tell=print)
    assert (tmp_path / "original.wav").read_bytes() == before


def test_other_rates_channels_and_a_long_silence_train(tmp_path: Path) -> None:
    """Stereo at 44.1 kHz, loud only in the last third: band levels come from all of it."""
    clip = torch.cat([torch.zeros(12 * RATE), strokes(2.0)])
    both = resample(clip, old_rate=RATE, new_rate=44_100).repeat(2, 1).t().numpy()
    soundfile.write(tmp_path / "clip.flac", both, 44_100)
    found = overfit(
        tmp_path / "clip.flac", OverfitSettings(steps=3, out=str(tmp_path / "run")), tell=lambda line: None
    )
    assert found.bits_per_sample < 20
    original, rate = read_sound(tmp_path / "run" / "original.wav")
    assert (len(original), rate) == (len(clip), RATE)


def test_no_more_than_the_clip_can_be_asked_for(generator: SoundscapeGenerator) -> None:
    track = generator.model.conditioner.photo_vector(torch.zeros(1, 1), torch.zeros(1)).detach()
    with pytest.raises(ConfigError, match=r"duration_s=2: this model plays one clip of 1\.5 s"):
        generator.draw(track, DrawSettings(duration_s=2.0), seeds=[0])
    with pytest.raises(ConfigError, match=r"guidance=2: this model was trained without conditioning dropout"):
        generator.draw(track, DrawSettings(duration_s=1.0, guidance=2.0), seeds=[0])
    with pytest.raises(ConfigError, match=r"this model plays one clip"):
        generator.stream(Image.new("RGB", (40, 40), "red"))
