"""Networks that a user brings: random weights in the published layouts, beside plain computations."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from photowave.errors import ConfigError, MissingPackageError
from photowave.evaluation.embedding import panns, vggish
from photowave.evaluation.embedding.loading import load_embedding

RATE = 16_000


def noise(count: int, *, seconds: float = 2.0, seed: int = 0) -> Tensor:
    return 0.1 * torch.randn(count, round(seconds * RATE), generator=torch.Generator().manual_seed(seed))


def vggish_features() -> nn.Sequential:
    """The layers of torchvggish with fewer channels."""
    layers: list[nn.Module] = []
    channels = 1
    for width in (4, "pool", 6, "pool", 8, 8, "pool", 10, 10, "pool"):
        if isinstance(width, str):
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    return nn.Sequential(*layers)


def vggish_weights() -> dict[str, Tensor]:
    """Random weights in their layout, and a part behind the network that is ignored."""
    torch.manual_seed(0)
    embeddings = nn.Sequential(
        nn.Linear(10 * 4 * 6, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 5), nn.ReLU()
    )
    network = nn.ModuleDict({"features": vggish_features(), "embeddings": embeddings})
    return {**network.state_dict(), "pproc.pca_matrix": torch.zeros(5, 5)}


def cnn14_weights(*, size: int = 512) -> dict[str, Tensor]:
    """The layout of PANNs, with fewer channels; the transform and its window are the true ones."""
    torch.manual_seed(1)
    time, bins = torch.arange(size), torch.arange(size // 2 + 1)[:, None]
    angles = -2 * math.pi * bins * time / size
    window = torch.hann_window(size)
    parts = {"real": angles.cos() * window, "imag": angles.sin() * window}
    weights = {f"spectrogram_extractor.stft.conv_{name}.weight": k[:, None] for name, k in parts.items()}
    weights["logmel_extractor.melW"] = torch.rand(size // 2 + 1, 64)
    network = nn.ModuleDict(
        {"bn0": nn.BatchNorm2d(64), "fc1": nn.Linear(9, 7), "fc_audioset": nn.Linear(7, 3)}
    )
    widths = (1, 4, 5, 6, 7, 8, 9)
    for block in range(1, 7):
        before, after = widths[block - 1 : block + 1]
        network[f"conv_block{block}"] = nn.ModuleDict(
            {
                "conv1": nn.Conv2d(before, after, 3, bias=False), "bn1": nn.BatchNorm2d(after),
                "conv2": nn.Conv2d(after, after, 3, bias=False), "bn2": nn.BatchNorm2d(after),
            }
        )  # fmt: skip
    for name, tensor in network.state_dict().items():
        moved = "running" in name or ".bn" in f".{name}"
        # Large enough for a sound to come through twelve layers.
        weights[name] = 0.5 + torch.rand(tensor.shape) if moved and tensor.dim() else 3 * tensor
    return weights


def part(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors under a name."""
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}


def test_vggish_gives_a_vector_per_window(tmp_path: Path) -> None:
    weights = vggish_weights()
    torch.save(weights, tmp_path / "vggish.pth")
    embedding = load_embedding(tmp_path)
    assert embedding.sample_rate == RATE
    sounds = noise(3, seconds=2.5)
    found = embedding(sounds, RATE)
    assert found.shape == (3, 2, 5)
    # The second window by the modules themselves, and before the last ReLU.
    modules = vggish_features()
    modules.load_state_dict(part(weights, "features."))
    ends = nn.Sequential(nn.Linear(240, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 5))
    ends.load_state_dict(part(weights, "embeddings."))
    with torch.no_grad():
        x = modules(vggish.log_mel(sounds)[:, None, 96:192])
        expected = ends(x.permute(0, 2, 3, 1).flatten(1))
    assert np.allclose(found[:, 1], expected.numpy(), atol=1e-6)
    assert (found < 0).any()


def test_the_mel_bands_of_vggish_are_triangles_over_mel() -> None:
    filters = vggish._mel_filters().double().numpy()
    hertz = np.linspace(0, 8_000, 257)
    mel = 1127.0 * np.log(1.0 + hertz / 700.0)
    edges = np.linspace(1127.0 * np.log(1 + 125 / 700), 1127.0 * np.log(1 + 7_500 / 700), 66)
    for band in (0, 20, 63):
        low, centre, high = edges[band : band + 3]
        expected = np.maximum(0, np.minimum((mel - low) / (centre - low), (high - mel) / (high - centre)))
        assert filters[:, band] == pytest.approx(expected, abs=1e-5)
    tone = torch.cos(2 * math.pi * 1_000 * torch.arange(RATE) / RATE)[None]
    loudest = int(vggish.log_mel(tone).mean(1).argmax())
    assert edges[loudest] < 1127.0 * np.log(1 + 1_000 / 700) < edges[loudest + 2]


@pytest.mark.parametrize(("size", "rate"), [(256, 8_000), (512, 16_000), (1024, 32_000)])
def test_cnn14_hears_what_its_checkpoint_says(size: int, rate: int, tmp_path: Path) -> None:
    weights = cnn14_weights(size=size)
    torch.save({"iteration": 9, "model": weights, "sampler": {"pointer": 3}}, tmp_path / "Cnn14.pth")
    embedding = load_embedding(tmp_path)
    assert embedding.sample_rate == rate
    found = embedding(noise(3), RATE)
    assert found.shape == (3, 1, 7)
    # Each sound has a vector of its own, whatever else is in the batch.
    alone = embedding(torch.cat([10 * noise(1), noise(1)]), RATE)
    assert not np.allclose(alone[0], alone[1], atol=1e-3)
    assert np.allclose(alone[1], found[0], atol=1e-6)


def test_the_front_end_of_cnn14_is_a_short_time_transform() -> None:
    weights, sounds = cnn14_weights(), noise(2)
    power = torch.stft(
        sounds, 512, 160, window=torch.hann_window(512), center=True, pad_mode="reflect", return_complex=True
    ).abs().square()  # fmt: skip
    expected = 10 * (power.transpose(1, 2) @ weights["logmel_extractor.melW"]).clamp_min(1e-10).log10()
    assert torch.allclose(panns.log_mel(sounds, weights), expected, atol=1e-2)


def test_the_body_of_cnn14_is_that_of_its_modules() -> None:
    weights, frames = cnn14_weights(), torch.randn(2, 70, 64, generator=torch.Generator().manual_seed(2))
    x = frames[:, None]
    with torch.no_grad():
        norm = nn.BatchNorm2d(64).eval()
        norm.load_state_dict(part(weights, "bn0."))
        x = norm(x.transpose(1, 3)).transpose(1, 3)
        for block in range(1, 7):
            for layer in (1, 2):
                name = f"conv_block{block}."
                x = nn.functional.conv2d(x, weights[f"{name}conv{layer}.weight"], padding=1)
                norm = nn.BatchNorm2d(x.shape[1]).eval()
                norm.load_state_dict(part(weights, f"{name}bn{layer}."))
                x = torch.relu(norm(x))
            x = nn.functional.avg_pool2d(x, 1 if block == 6 else 2)
        x = x.mean(3)
        x = x.max(2).values + x.mean(2)
        expected = torch.relu(x @ weights["fc1.weight"].T + weights["fc1.bias"])
    assert torch.allclose(panns._pooled(frames, weights), expected, atol=1e-5)


def test_safetensors_do_as_well(tmp_path: Path) -> None:
    weights = {name: tensor.contiguous() for name, tensor in vggish_weights().items()}
    save_file(weights, tmp_path / "vggish.safetensors")
    assert load_embedding(tmp_path)(noise(1), RATE).shape == (1, 2, 5)


class Malicious:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("this must never be printed",))


def test_nothing_is_unpickled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"model": Malicious()}, tmp_path / "Cnn14.pth")
    with pytest.raises(ConfigError, match="cannot be used"):
        load_embedding(tmp_path)
    assert "never" not in capsys.readouterr().out


def test_what_is_no_embedding_is_told_in_one_line(tmp_path: Path) -> None:
    def refused(match: str, folder: Path) -> None:
        with pytest.raises(ConfigError, match=match) as told:
            load_embedding(folder)
        assert "\n" not in str(told.value)

    refused("no such folder", tmp_path / "nowhere")
    refused("one file of weights is needed; there: none", tmp_path)
    torch.save({"weight": torch.zeros(2)}, tmp_path / "a.pth")
    refused(r"a\.pth holds no network that is known", tmp_path)
    torch.save({}, tmp_path / "b.pt")
    refused(r"there: a\.pth, b\.pt", tmp_path)
    (tmp_path / "b.pt").unlink()
    for weights, missing in (
        (vggish_weights(), "features.3.bias"),
        (cnn14_weights(), "conv_block4.bn2.weight"),
    ):
        torch.save({name: tensor for name, tensor in weights.items() if name != missing}, tmp_path / "a.pth")
        refused(missing, tmp_path)


def test_clap_without_its_package_names_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(MissingPackageError, match=r"CLAP needs transformers.*photowave\[embedding\]"):
        load_embedding(tmp_path)


@pytest.fixture(scope="module", params=[False, True], ids=["unfused", "fused"])
def clap_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLAP network of a few thousand random weights, saved as transformers saves one."""
    transformers = pytest.importorskip("transformers", reason="the package transformers is not installed")
    torch.manual_seed(0)
    config = transformers.ClapConfig(
        text_config={
            "vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 1, "projection_dim": 6,
            "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 64,
        },
        audio_config={
            "spec_size": 64, "num_mel_bins": 16, "window_size": 4, "patch_embeds_hidden_size": 8,
            "hidden_size": 16, "depths": [1, 1], "num_attention_heads": [1, 2], "projection_dim": 6,
            "enable_fusion": request.param,
        },
        projection_dim=6,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("clap")
    transformers.ClapModel(config).save_pretrained(folder)
    transformers.ClapFeatureExtractor(
        feature_size=16, sampling_rate=4_000, hop_length=80, max_length_s=1, fft_window_size=256,
        frequency_max=2_000, truncation="fusion" if request.param else "rand_trunc",
    ).save_pretrained(folder)  # fmt: skip
    return folder


def test_clap_embeds_each_sound_at_its_rate(clap_folder: Path) -> None:
    embedding = load_embedding(clap_folder)
    assert embedding.sample_rate == 4_000
    loud = torch.tensor([0.01, 0.1, 1.0])[:, None] * noise(3)
    found = embedding(loud, RATE)
    assert found.shape == (3, 1, 6)
    assert np.linalg.norm(found, axis=2) == pytest.approx(np.ones((3, 1)), abs=1e-5)
    assert not np.allclose(found[0], found[2], atol=1e-4)
    assert np.allclose(embedding(loud[1:2], RATE)[0], found[1], atol=1e-5)
    # What lies beyond its longest, a second, is left out.
    other_end = torch.cat([loud[:, : round(1.2 * RATE)], torch.zeros(3, RATE)], 1)
    assert np.allclose(embedding(other_end, RATE), found, atol=1e-6)


def test_clap_without_safetensors_is_refused(clap_folder: Path, tmp_path: Path) -> None:
    for file in clap_folder.glob("*.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"opening this would fail otherwise")
    with pytest.raises(ConfigError, match="cannot be used"):
        load_embedding(tmp_path)
    weights = clap_folder / "model.safetensors"
    (tmp_path / weights.name).write_bytes(weights.read_bytes())
    assert load_embedding(tmp_path).sample_rate == 4_000
    config = json.loads((tmp_path / "config.json").read_text())
    config["audio_config"]["depths"] = [1, 2]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="weights are missing"):
        load_embedding(tmp_path)
