"""Pairs as Lightning takes them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from tiny_scenes import RATE, tiny_config, write_tiny_scenes
from tiny_training import tiny_data, tiny_encoder
from torch.utils.data.distributed import DistributedSampler

from photowave.audio import rms_dbfs
from photowave.errors import ConfigError, PairError
from photowave.pairs import sources
from photowave.pairs.sources import open_pairs
from photowave.settings import ModelConfig
from photowave.training.datamodule import PairsDataModule


@pytest.fixture
def make(manifest: Path) -> Callable[..., PairsDataModule]:
    """Make a data module whose trainer has trained on so many batches."""

    def build(
        *, done: int = 0, devices: int = 1, device: int = 0, config: ModelConfig | None = None, **changes: Any
    ) -> PairsDataModule:
        settings = tiny_data(manifest, **changes)
        data = PairsDataModule(settings, config=config or tiny_config(), encoder=tiny_encoder())
        progress = SimpleNamespace(total=SimpleNamespace(processed=done))
        data.trainer = SimpleNamespace(  # type: ignore[assignment]
            fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress)),
            world_size=devices,
            global_rank=device,
        )
        return data

    return build


Make = Callable[..., PairsDataModule]


def samples_of(loader: Any) -> torch.Tensor:
    return torch.cat([batch["samples"] for batch in loader])


@pytest.mark.parametrize(
    ("stage", "splits"),
    [("fit", {"train", "val"}), ("validate", {"train", "val"}), ("test", {"train", "test"})],
)
def test_stage_reads_what_it_needs(stage: str, splits: set[str], make: Make) -> None:
    data = make()
    data.setup(stage)
    assert set(data.parts) == splits
    before = dict(data.parts)
    data.setup(stage)
    assert all(data.parts[name] is before[name] for name in splits)
    assert data.parts["train"].features.shape == (6, 1280)
    assert len(data.parts["train"].bank.recordings) == 6


def test_training_clips_follow_the_trainers_count(make: Make) -> None:
    start, later = make(), make(done=3)
    for data in (start, later):
        data.setup("fit")
    clips = start.parts["train"].clips(clip_s=0.1, count=8, seed=0)
    expected = torch.stack([clips[number]["samples"] for number in range(14)])
    assert torch.equal(samples_of(start.train_dataloader()), expected[:8])
    assert torch.equal(samples_of(later.train_dataloader()), expected[6:14])


def test_workers_cut_the_same_clips(make: Make) -> None:
    alone, helped = make(), make(workers=2)
    for data in (alone, helped):
        data.setup("fit")
    assert torch.equal(samples_of(alone.train_dataloader()), samples_of(helped.train_dataloader()))


@pytest.mark.parametrize("components", [0, 3])
def test_envelopes_are_measured_where_the_model_has_one(components: int, make: Make) -> None:
    data = make(config=tiny_config(components=components), workers=1)
    data.setup("fit")
    for part in data.parts.values():
        assert all((len(r.spectra) > 0) == (components > 0) for r in part.bank.recordings)
    batch = next(iter(data.train_dataloader()))
    clips = data.parts["train"].clips(clip_s=0.1, count=8, seed=0)
    for number, part in enumerate(batch["envelope"]):
        assert torch.equal(part, torch.stack([clips[n]["envelope"][number] for n in range(2)]))


def test_devices_see_different_training_clips_and_all_scored_ones(make: Make) -> None:
    both = [make(devices=2, device=device, done=1) for device in range(2)]
    for data in both:
        data.setup("fit")
    clips = both[0].parts["train"].clips(clip_s=0.1, count=8, seed=0)
    numbers = [[4, 6, 8, 10], [5, 7, 9, 11]]
    for data, mine in zip(both, numbers, strict=True):
        loader = data.train_dataloader()
        assert isinstance(loader.sampler, DistributedSampler)
        assert torch.equal(samples_of(loader), torch.stack([clips[n]["samples"] for n in mine]))
    scored = [samples_of(data.val_dataloader()) for data in both]
    assert torch.equal(scored[0], scored[1])
    assert len(scored[0]) == 4


def test_scored_clips_stay_the_same_and_are_those_of_the_loader(make: Make) -> None:
    data = make()
    data.setup("fit")
    first, again = samples_of(data.val_dataloader()), samples_of(data.val_dataloader())
    clips = data.scored_clips("val")
    assert torch.equal(first, again)
    assert torch.equal(first, torch.stack([clips[number]["samples"] for number in range(len(clips))]))


@pytest.mark.parametrize(("bands", "length"), [(8, 408), (32, 416)])
def test_clips_are_whole_frames(bands: int, length: int, make: Make) -> None:
    data = make(config=tiny_config(output="mixture", bands=bands), clip_s=0.1013)
    data.setup("fit")
    assert data.parts["train"].clips(clip_s=0.1013, count=1, seed=0)[0]["samples"].shape == (length,)


def test_fades_are_cut_off_all_splits_before_the_level_is_set(make: Make, tmp_path: Path) -> None:
    manifest = write_tiny_scenes(tmp_path)
    for path in tmp_path.glob("*.wav"):
        samples, rate = soundfile.read(path)
        rising = samples * np.clip(np.arange(len(samples)) / rate, 1e-3, 1)
        soundfile.write(path, rising, rate)
    plain, cut = make(pairs=str(manifest)), make(pairs=str(manifest), fade_s=1.0)
    for data in (plain, cut):
        data.setup("fit")
    for split in ("train", "val"):
        pairs = zip(plain.parts[split].bank.recordings, cut.parts[split].bank.recordings, strict=True)
        for whole, rest in pairs:
            assert len(rest.samples) < len(whole.samples) == 2 * RATE
            assert rms_dbfs(rest.samples) == pytest.approx(-20.0, abs=0.01)


def test_too_few_clips_for_the_devices_are_refused(make: Make) -> None:
    data = make(devices=3, clips_per_epoch=4)
    data.setup("fit")
    with pytest.raises(ConfigError, match=r"clips_per_epoch=4: 3 devices with batch_size=2 take 6 clips"):
        data.train_dataloader()


def test_all_bad_photos_are_named_together(make: Make, tmp_path: Path) -> None:
    manifest = write_tiny_scenes(tmp_path)
    (tmp_path / "hiss0.png").write_text("no photo")
    (tmp_path / "rumble1.png").write_bytes((tmp_path / "rumble1.png").read_bytes()[:40])
    with pytest.raises(PairError, match=r"^2 of 6 photos cannot be used: .*hiss0.png.*rumble1.png"):
        make(pairs=str(manifest), strict=True).setup("fit")


def test_split_without_rows_is_refused(make: Make, tmp_path: Path) -> None:
    manifest = write_tiny_scenes(tmp_path)
    manifest.write_text(manifest.read_text().replace(",val", ",train"))
    with pytest.raises(PairError, match="no row belongs to split 'val'"):
        make(pairs=str(manifest)).setup("fit")


def test_pairs_are_found_by_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PHOTOWAVE_PLACES", raising=False)
    assert sources.PLACES == "data/places"
    with pytest.raises(
        PairError, match=r"^pairs=null stands for the set of places, and data.places.pairs.csv is not there"
    ):
        open_pairs(None)
    for place, scene in (("data/places", "a"), ("elsewhere", "b")):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "s.wav").write_text(scene)
        lines = f"photo,sound,scene,split\n,s.wav,{scene},train\n"
        (tmp_path / place / "pairs.csv").write_text(lines)
    assert open_pairs(None).scenes == ("a",)
    monkeypatch.setenv("PHOTOWAVE_PLACES", str(tmp_path / "elsewhere"))
    assert open_pairs(None).scenes == ("b",)
    monkeypatch.setenv("PHOTOWAVE_PLACES", str(tmp_path / "empty"))
    with pytest.raises(PairError, match=r"Build it with 'python scripts/build_places.py .*empty', or name"):
        open_pairs(None)
    with pytest.raises(PairError, match=r"nowhere.csv: no such manifest, folder of scenes or sound file"):
        open_pairs("nowhere.csv")


def test_a_single_clip_is_every_split(manifest: Path) -> None:
    sound = next(manifest.parent.rglob("*.wav"))
    opened = open_pairs(str(sound))
    for split in ("train", "val", "test"):
        pairing = opened.split(split).pairs("scene", needs_photos=False)
        assert [excerpt.path for excerpt in pairing.sounds] == [sound.absolute()]
        assert pairing.photos == ()
    with pytest.raises(PairError, match="no photo has a sound"):
        opened.split("train").pairs("scene")
