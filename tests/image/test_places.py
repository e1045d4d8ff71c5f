"""The table from classes to places: what it says, what it refuses, and what the encoder makes of it."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import EfficientNet_B0_Weights

from photowave.errors import ConfigError
from photowave.image import build_encoder
from photowave.image.places import PlaceTable, default_places_path, read_places
from photowave.settings import ImageConfig

HEADER = "class,name,place,weight\n"


def photo() -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    return Image.fromarray(values)


def test_the_shipped_table_names_the_classes_of_imagenet() -> None:
    names = EfficientNet_B0_Weights.IMAGENET1K_V1.meta["categories"]
    with default_places_path().open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 500
    assert all(names[int(row["class"])] == row["name"] for row in rows)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("geyser", "geyser"),
        ("fire screen", "campfire"),
        ("seashore", "sea_waves"),
        ("ski", "snow_wind"),
        ("cab", "city_traffic"),
    ],
)
def test_a_class_scores_its_place_highest(name: str, place: str) -> None:
    table = read_places(default_places_path(), classes=1000)
    logits = torch.zeros(1, 1000)
    logits[0, EfficientNet_B0_Weights.IMAGENET1K_V1.meta["categories"].index(name)] = 20.0
    assert table.names[int(table(logits).argmax())] == place


def test_scores_are_logarithms_around_their_mean() -> None:
    table = PlaceTable(("sea", "wood"), torch.tensor([[1.0, 0.0], [0.0, 0.5], [0.0, 0.0]]))
    probabilities = torch.tensor([[0.5, 0.3, 0.2]])
    scores = table(probabilities.log())
    assert (scores[0, 0] - scores[0, 1]).item() == pytest.approx(np.log(0.51 / 0.16), rel=1e-5)
    assert scores.sum().item() == pytest.approx(0, abs=1e-6)
    assert table(torch.tensor([[-50.0, -50.0, 50.0]])).abs().max() < 1e-5, (
        "a class without places says nothing"
    )


def test_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + "2,cab,street,0.5\n0,tench,lake,1\n2,cab,my yard,0.25\n", encoding="utf-8-sig")
    table = read_places(path, classes=3)
    assert table.names == ("lake", "my yard", "street")
    assert table.weights.tolist() == [[1, 0, 0], [0, 0, 0], [0, 0.25, 0.5]]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "must have the columns class,name,place,weight"),
        (HEADER, "must have the columns"),
        ("class,place\n1,sea\n", "its first line is 'class,place'"),
        (HEADER + "3,cab,street,1\n", r"line 2: class='3': must be a whole number from 0 to 2"),
        (HEADER + "-1,cab,street,1\n", "class='-1'"),
        (HEADER + "1,cab,street\n", "line 2: weight='': must be above 0"),
        (HEADER + "1,cab,street,much\n", "weight='much': must be above 0 and at most 1"),
        (HEADER + "1,cab,street,nan\n", "weight='nan'"),
        (HEADER + "1,cab, ,1\n", "class 1 has no place"),
        (HEADER + "1,cab,street,0.5\n1,cab,street,0.1\n", "line 3: class 1 names 'street' twice"),
        (
            HEADER + "1,cab,street,0.7\n1,cab,sea,0.7\n",
            r"class 1 add up to 1\.4: must be at most 1",
        ),
    ],
)
def test_unfit_tables(tmp_path: Path, text: str, rule: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rule) as refused:
        read_places(path, classes=3)
    assert "mine.csv" in str(refused.value)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.csv cannot be read.*'default' or null"):
        read_places(tmp_path / "gone.csv", classes=3)


def test_the_encoder_appends_the_scores(tmp_path: Path) -> None:
    plain = build_encoder(ImageConfig(resolution=64, mirror=False))
    scored = build_encoder(ImageConfig(resolution=64, mirror=False, places="default"))
    features = scored.encode([photo()])
    assert plain.places == ()
    assert scored.feature_dim == plain.feature_dim + len(scored.places) == features.shape[1]
    torch.testing.assert_close(features[:, : plain.feature_dim], plain.encode([photo()]))
    assert scored.head is not None
    with torch.no_grad():
        expected = read_places(default_places_path(), classes=1000)(scored.head(features[:, :1280]))
    torch.testing.assert_close(features[:, 1280:], expected)
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + "978,seashore,sea_waves,1\n")
    mine = build_encoder(ImageConfig(resolution=64, mirror=False, places=str(path)))
    assert len({plain.fingerprint, scored.fingerprint, mine.fingerprint}) == 3
    path.write_text(HEADER + "978,seashore,sea_waves,0.9\n")
    again = build_encoder(ImageConfig(resolution=64, mirror=False, places=str(path)))
    assert again.fingerprint != mine.fingerprint


def test_a_table_needs_classes() -> None:
    config = ImageConfig(encoder="clip_vit_b_32", weights=None, resolution=32, places="default")
    with pytest.raises(ConfigError, match=r"places='default': encoder clip_vit_b_32 .*no last layer"):
        build_encoder(config)
