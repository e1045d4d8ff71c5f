"""The photos of one split: read once, upright, spread evenly over the scenes that can be heard."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_scenes import write_tiny_scenes

from photowave.errors import PairError
from photowave.evaluation.sounds.photos import choose_photos, load_photos
from photowave.pairs.manifest import Manifest, Row, read_manifest


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return read_manifest(write_tiny_scenes(tmp_path))


def test_photos_of_a_split(manifest: Manifest) -> None:
    photos = load_photos(manifest.split("train"))
    assert [path.name for path in photos.paths] == [
        f"{s}{i}.png" for s in ("hiss", "rumble") for i in range(3)
    ]
    assert photos.scenes.tolist() == ["hiss"] * 3 + ["rumble"] * 3
    assert all(image.mode == "RGB" for image in photos.images)
    assert [image.getpixel((5, 5)) for image in photos.images[:2]] == [(220, 40, 30), (227, 47, 37)]


def photo_rows(counts: dict[str, int], *, heard: tuple[str, ...]) -> Manifest:
    """So many photos of each scene, and a recording of some scenes; no file is there."""
    photos = [
        Row(Path(f"{scene}{n}.png"), None, scene, "test") for scene in counts for n in range(counts[scene])
    ]
    sounds = [Row(None, Path(f"{scene}.wav"), scene, "train") for scene in heard]
    return Manifest((*photos, *sounds), Path("pairs.csv"))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 8), min_size=1),
    st.integers(1, 40),
    st.integers(0, 9),
)
def test_chosen_photos_are_spread_evenly(counts: dict[str, int], most: int, seed: int) -> None:
    manifest = photo_rows(counts, heard=tuple(counts))
    choice = choose_photos(manifest, split="test", most=most, seed=seed)
    chosen = choice.manifest.photos
    assert choice.found == sum(counts.values())
    assert len(chosen) == min(most, choice.found)
    assert list(chosen) == [photo for photo in manifest.photos if photo in chosen]
    taken = {scene: sum(photo.name.startswith(scene) for photo in chosen) for scene in counts}
    largest = max(taken.values())
    assert all(taken[scene] >= min(counts[scene], largest - 1) for scene in counts)
    assert chosen == choose_photos(manifest, split="test", most=most, seed=seed).manifest.photos


def test_another_seed_chooses_other_photos() -> None:
    manifest = photo_rows({"sea": 30, "city": 30}, heard=("sea", "city"))
    first, second = (choose_photos(manifest, split="test", most=10, seed=s).manifest.photos for s in (0, 1))
    assert first != second


def test_photos_of_unheard_scenes_are_left_out() -> None:
    choice = choose_photos(photo_rows({"sea": 2, "moon": 3}, heard=("sea",)), split="test", most=9)
    assert {row.scene for row in choice.manifest.rows} == {"sea"}
    assert (choice.found, choice.left_out) == (2, ("moon",))
    with pytest.raises(PairError, match="the photos of split 'test' are of moon, and no recording is"):
        choose_photos(photo_rows({"moon": 3}, heard=("sea",)), split="test", most=9)


def test_photos_without_scenes_are_told() -> None:
    manifest = Manifest((Row(Path("a.png"), None, None, "test"),), Path("pairs.csv"))
    with pytest.raises(PairError, match="no photo has a scene among 1 rows"):
        choose_photos(manifest, split="test", most=9)


def test_large_photos_are_scaled_down_and_turned_upright(manifest: Manifest) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    path = manifest.split("test").photos[0]
    Image.new("RGB", (1_000, 500)).save(path, exif=exif)
    assert load_photos(manifest.split("test")).images[0].size == (256, 512)


def test_photos_that_cannot_be_read_are_told_together(manifest: Manifest) -> None:
    for path in manifest.split("train").photos[:2]:
        path.write_text("no photo")
    with pytest.raises(PairError, match=r"2 of 6 photos cannot be used: .*hiss0\.png.*hiss1\.png"):
        load_photos(manifest.split("train"))
