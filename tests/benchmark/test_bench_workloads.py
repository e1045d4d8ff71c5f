"""What is measured is the work it is called: its arithmetic, its sizes, its errors."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import yaml
from PIL import Image
from tiny_models import tiny_config
from torch.utils.flop_counter import FlopCounterMode

from photowave.benchmark import workloads
from photowave.benchmark.machine import describe_machine, measure_peaks
from photowave.config import AudioConfig, ModelConfig, WaveNetConfig
from photowave.errors import PhotowaveError
from photowave.generation import load
from photowave.model import build_wavenet

ROOT = Path(__file__).resolve().parents[2]


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


def test_reference_network_is_that_of_the_configuration() -> None:
    model = yaml.safe_load((ROOT / "configs" / "reference.yaml").read_text())["model"]["config"]
    config = workloads.reference_config()
    for name, value in model["wavenet"].items():
        measured = getattr(config.wavenet, name)
        assert (list(measured) if name == "dilations" else measured) == value
    assert config.audio.sample_rate == model.get("audio", {}).get("sample_rate", 16_000)


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


def test_work_is_done_as_often_as_asked() -> None:
    config = tiny_config()
    assert len(workloads.time_training(config, clip_s=0.05, batch_size=2, threads=1, runs=2)) == 2
    assert len(workloads.time_drawing(config, sounds=2, duration_s=0.05, threads=2, runs=3)) == 3
    assert len(workloads.time_reference_training(crop=60, threads=1, runs=1, samples=100)) == 1
    assert len(workloads.time_photo(config, threads=1, runs=2)) == 2


def test_first_chunk_of_a_stream(tiny_model_file: Path) -> None:
    assert len(workloads.time_streaming(tiny_model_file, threads=1, runs=2)) == 2


def test_a_random_model_can_be_drawn_from(tmp_path: Path) -> None:
    file = tmp_path / "random.safetensors"
    workloads.write_random_model(tiny_config(), file)
    assert len(load(file).generate(Image.new("RGB", (40, 30)), duration_s=0.1).samples) == 200


def test_a_command_that_fails_is_told_with_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(PhotowaveError, match=r"ended with 2: photowave: .*none\.safetensors: no such model"):
        workloads.time_cold_start(tmp_path / "none.safetensors", tmp_path, duration_s=1.0, runs=1)


def test_peaks_are_sensible() -> None:
    peaks = measure_peaks(threads=2, runs=2, size=128, weights=10_000)
    for values in (peaks.gemm, peaks.gemm_one_core, peaks.copy, peaks.matrix_vector):
        assert len(values) == 2
        # From a slow phone to a large server.
        assert all(0.05 < value < 1e5 for value in values)


def test_the_machine_is_named() -> None:
    machine = describe_machine()
    assert machine["cpu"]
    assert machine["cores"] >= 1
    assert machine["memory_gb"] > 0.1
    assert machine["torch"] == torch.__version__
