"""What is measured is the work it is called: its arithmetic, its sizes, its errors."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tiny_models import tiny_config
from torch.utils.flop_counter import FlopCounterMode

from photowave import recipes
from photowave.benchmark import workloads
from photowave.benchmark.machine import describe_machine, measure_peaks
from photowave.errors import PhotowaveError
from photowave.generation import load
from photowave.model import build_wavenet
from photowave.settings import AudioConfig, EnvelopeConfig, ModelConfig, WaveNetConfig


@pytest.fixture(autouse=True)
def _same_threads_after() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_reference_network_has_its_known_size() -> None:
    wavenet = build_wavenet(workloads.reference_config())
    assert len(wavenet.layers) == 50
    assert wavenet.receptive_field == 5117
    assert workloads.multiply_adds(wavenet) == 1_467_392


def test_reference_network_is_that_of_the_recipe_without_a_photo() -> None:
    config, recipe = workloads.reference_config(), recipes.load("reference").model
    assert dataclasses.replace(config, conditioning=recipe.conditioning) == recipe
    assert config.conditioning.kind == "photo"


@pytest.mark.parametrize("output", ["softmax", "mixture"])
def test_multiply_adds_are_those_that_torch_counts(output: str) -> None:
    bands = 1 if output == "softmax" else 4
    config = ModelConfig(
        audio=AudioConfig(bands=bands),
        wavenet=WaveNetConfig(residual_channels=6, gate_channels=5, skip_channels=7, dilations=(1, 2, 4),
                              output=output, mixtures=3),
    )  # fmt: skip
    wavenet = build_wavenet(config)
    vector = torch.zeros(1, config.conditioning.channels)

    def counted(steps: int) -> int:
        shape = (1, steps) if output == "softmax" else (1, steps, bands)
        frames = torch.zeros(shape, dtype=torch.long if output == "softmax" else torch.float)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            wavenet(frames, vector)
        return counter.get_total_flops()

    # The difference leaves out what is done once, such as the conditioning.
    assert counted(30) - counted(20) == 10 * 2 * workloads.multiply_adds(wavenet)


def test_clips_are_whole_frames() -> None:
    config = ModelConfig(audio=AudioConfig(bands=8), wavenet=WaveNetConfig(output="mixture"))
    assert workloads.clip_samples(config, 0.1) == 1600
    assert workloads.clip_samples(config, 0.1001) % 8 == 0
    assert workloads.clip_samples(config, 1e-6) == 8


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the measured work gives back, run by run."""
    given: list[Any] = []

    def seconds(work: Callable[[], Any], *, runs: int) -> list[float]:
        given.extend(work() for _ in range(runs))
        return [0.5] * runs

    monkeypatch.setattr(workloads, "seconds", seconds)
    return given


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each step of an optimiser, whether it moved most of the weights."""
    steps: list[bool] = []

    class Watched(torch.optim.Adam):
        def step(self, closure: Any = None) -> Any:
            weights = [weight for group in self.param_groups for weight in group["params"]]
            before = [weight.detach().clone() for weight in weights]
            found = super().step(closure)
            changed = [not torch.equal(w, b) for w, b in zip(weights, before, strict=True)]
            steps.append(sum(changed) > len(changed) / 2)
            return found

    monkeypatch.setattr(torch.optim, "Adam", Watched)
    return steps


@pytest.mark.parametrize(
    "envelope", [EnvelopeConfig(), EnvelopeConfig(kind="kept", components=3, hops=1)], ids=str
)
def test_training_steps_move_the_weights(
    envelope: EnvelopeConfig, done: list[Any], moved: list[bool]
) -> None:
    config = dataclasses.replace(tiny_config(), envelope=envelope)
    times = workloads.time_training(config, clip_s=0.05, batch_size=2, threads=1, runs=2)
    assert (times, moved) == ([0.5, 0.5], [True, True])


def test_reference_steps_move_the_weights_once_for_all_crops(done: list[Any], moved: list[bool]) -> None:
    assert workloads.time_reference_training(crop=60, threads=1, runs=2, samples=100) == [0.5, 0.5]
    assert moved == [True, True]


def test_drawing_gives_the_sounds_that_were_asked_for(done: list[Any], tiny_model_file: Path) -> None:
    workloads.time_drawing(tiny_model_file, sounds=2, duration_s=0.05, threads=2, runs=3)
    assert [[sound.samples.shape for sound in sounds] for sounds in done] == [[(100,)] * 2] * 3
    first, second = done[0]
    assert (first.samples != second.samples).any()


def test_the_reference_network_draws(done: list[Any]) -> None:
    workloads.time_reference_drawing(sounds=2, duration_s=0.01, threads=2, runs=1)
    assert [tuple(sounds.shape) for sounds in done] == [(2, 160)]


def test_the_photo_is_encoded(done: list[Any]) -> None:
    workloads.time_photo(tiny_config(), threads=1, runs=2)
    assert [tuple(features.shape) for features in done] == [(1, 1280)] * 2


def test_first_chunk_of_a_stream(done: list[Any], tiny_model_file: Path) -> None:
    workloads.time_streaming(tiny_model_file, threads=1, runs=2)
    assert [len(piece) for piece in done] == [500, 500]


def test_a_random_model_can_be_drawn_from(tmp_path: Path) -> None:
    file = tmp_path / "random.safetensors"
    workloads.write_random_model(tiny_config(), file)
    assert len(load(file).generate(Image.new("RGB", (40, 30)), duration_s=0.1).samples) == 200


def test_a_command_that_fails_is_told_with_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(PhotowaveError, match=r"ended with 2: photowave: .*none\.safetensors: no such model"):
        workloads.time_cold_start(tmp_path / "none.safetensors", tmp_path, duration_s=1.0, runs=1)


def test_peaks_are_sensible() -> None:
    peaks = measure_peaks(threads=2, runs=2, size=128, weights=10_000)
    assert len(peaks) == 4
    for values in peaks.values():
        assert len(values) == 2
        assert all(0.0 < value < 1e6 for value in values)


def test_the_machine_is_named() -> None:
    machine = describe_machine()
    assert machine["cpu"]
    assert machine["cores"] >= 1
    assert machine["memory_gb"] > 0.1
    assert machine["torch"] == torch.__version__
