"""CLAP scores: refused with a remedy where something is missing, and right on a tiny random network."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from photowave.errors import ConfigError
from photowave.evaluation.frechet import frechet_distance
from photowave.evaluation.optional import CLAP_DEFINITIONS, ClapScorer, clap_figures
from photowave.evaluation.types import EvaluatedPhotos, RealSounds, SystemSounds

RATE = 8_000
SCENES = ["sea", "city"]


@pytest.fixture(scope="module", params=[False, True], ids=["unfused", "fused"])
def clap_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLAP network of a few thousand random weights, saved as transformers saves one."""
    transformers = pytest.importorskip(
        "transformers", reason="transformers (photowave[clap]) is not installed"
    )
    torch.manual_seed(0)
    letters = {letter: 5 + place for place, letter in enumerate("abcdefghijklmnopqrstuvwxyzĠ")}
    vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, **letters}
    config = transformers.ClapConfig(
        text_config={
            "vocab_size": len(vocabulary), "hidden_size": 16, "num_hidden_layers": 1, "projection_dim": 6,
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
    transformers.RobertaTokenizerFast(vocab=vocabulary, merges=[]).save_pretrained(folder)
    return folder


def noises(count: int, *, seed: int, seconds: float = 0.5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    loud = torch.linspace(0.01, 0.3, count)[:, None]
    return loud * torch.randn(count, round(seconds * RATE), generator=generator).clamp(-3, 3)


def real_and_photos() -> tuple[RealSounds, EvaluatedPhotos]:
    """Four recordings of two scenes in three excerpts each, and two photos."""
    real = RealSounds(
        samples=noises(12, seed=1),
        recordings=np.repeat(np.arange(4), 3),
        scenes=np.repeat(np.array(SCENES), 6),
        splits=np.repeat("train", 12),
        names=("a.wav", "b.wav", "c.wav", "d.wav"),
        sample_rate=RATE,
    )
    pictures = tuple(Image.new("RGB", (8, 8)) for _ in SCENES)
    return real, EvaluatedPhotos(tuple(Path(f"{s}.jpg") for s in SCENES), pictures, np.array(SCENES))


def system(name: str, samples: Tensor, sources: list[int]) -> SystemSounds:
    shape = (2, len(samples) // 2)
    return SystemSounds(
        name, samples.reshape(*shape, -1), np.array(sources, dtype=np.int64).reshape(shape), float("nan")
    )


def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ConfigError, match=r"Install photowave\[clap\]"):
        ClapScorer(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="transformers (photowave[clap]) is not installed")
    with pytest.raises(ConfigError, match="no such folder"):
        ClapScorer(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "clap.pt"])
def test_pickled_weights_are_refused_unopened(clap_folder: Path, tmp_path: Path, name: str) -> None:
    for file in clap_folder.glob("*.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_bytes(b"opening this would fail otherwise")
    with pytest.raises(ConfigError, match=rf"{name} would have to be unpickled"):
        ClapScorer(tmp_path)


def test_pickled_weights_beside_good_ones_are_not_opened(
    clap_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in clap_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for name in ("evil.bin", "pytorch_model.bin", "adapter_model.bin"):
        (tmp_path / name).write_bytes(b"no weights")
    (tmp_path / "adapter_config.json").write_text("{}")

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("something was unpickled")

    monkeypatch.setattr(torch, "load", refuse)
    assert torch.equal(ClapScorer(tmp_path).text(["sea"]), ClapScorer(clap_folder).text(["sea"]))
    # Settings may name a file of weights; they must not lead to one that would have to be unpickled.
    tree = json.loads((tmp_path / "config.json").read_text("utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(tree | {"transformers_weights": "evil.bin"}))
    with pytest.raises(ConfigError, match=r"evil\.bin"):
        ClapScorer(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "foreign", "config"])
def test_a_damaged_folder_is_told_in_one_line(clap_folder: Path, tmp_path: Path, damage: str) -> None:
    from safetensors.torch import save_file

    for file in clap_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "model.safetensors"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif damage == "foreign":
        save_file({"other": torch.zeros(2)}, weights)
    else:
        (tmp_path / "config.json").write_text("{")
    with pytest.raises(ConfigError) as refused:
        ClapScorer(tmp_path)
    assert "Give a folder as transformers saves one" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_embeddings_are_unit_vectors_and_repeat(clap_folder: Path) -> None:
    scorer = ClapScorer(clap_folder)
    sounds = noises(10, seed=3)
    found = scorer.audio(sounds, RATE)
    assert found.shape == (10, 6)
    assert torch.allclose(found.norm(dim=1), torch.ones(10), atol=1e-5)
    assert torch.equal(found, scorer.audio(sounds, RATE))
    assert not torch.allclose(found[0], found[-1], atol=1e-3)
    # The same sounds are the same cloud: the distance is rounding of float64.
    assert frechet_distance(found, scorer.audio(sounds, RATE)) < 1e-12
    assert scorer.text(["the sound of sea", "the sound of city"]).shape == (2, 6)


def test_sounds_longer_than_the_network_takes_are_cut(clap_folder: Path) -> None:
    scorer = ClapScorer(clap_folder)
    long = noises(2, seed=4, seconds=2.5)
    assert torch.allclose(scorer.audio(long, RATE), scorer.audio(long[:, : 2 * RATE], RATE), atol=1e-5)


def test_figures_of_all_systems(clap_folder: Path) -> None:
    real, photos = real_and_photos()
    order = torch.tensor([0, 3, 6, 9])
    systems = [
        system("real", real.samples[order], [0, 1, 2, 3]),
        system("model", noises(6, seed=5), [-1] * 6),
    ]
    found = clap_figures(systems, real, photos, clap_folder, seed=0)
    assert {(f.name, f.system) for f in found} == {(n, s.name) for n in CLAP_DEFINITIONS for s in systems}
    by = {(f.name, f.system): f for f in found}
    assert all(f.ceiling == by[f.name, "real"].value for f in found)
    assert by["clap_scene_recognised", "model"].floor == 0.5
    assert by["clap_frechet", "model"].count == 6
    similar = by["clap_text_similarity", "model"]
    assert similar.low <= similar.value <= similar.high
    scorer = ClapScorer(clap_folder)
    texts = scorer.text(["the sound of sea", "the sound of city"])
    sounds = scorer.audio(systems[1].samples.flatten(0, 1), RATE)
    expected = (sounds * texts.repeat_interleave(3, dim=0)).sum(1).mean()
    assert similar.value == pytest.approx(float(expected), abs=1e-6)
    assert found == clap_figures(systems, real, photos, clap_folder, seed=0)


def test_a_recording_is_not_compared_with_itself(clap_folder: Path) -> None:
    """Excerpts of all recordings would be at distance 0 from themselves; told apart they are not."""
    real, photos = real_and_photos()
    told = system("told", real.samples, real.recordings.tolist())
    untold = system("untold", real.samples, [-1] * 12)
    found = clap_figures([told, untold], real, photos, clap_folder, seed=0)
    value = {f.system: f.value for f in found if f.name == "clap_frechet"}
    assert value["told"] > value["untold"] > 0
