"""The report: one file that is whole, escaped, offline and not too large."""

import base64
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake_results import RATE, SYSTEMS, fake_result, metric
from PIL import Image

from photowave.errors import ConfigError
from photowave.evaluation.report import exhibits
from photowave.evaluation.report.plots import plot_metrics, to_svg
from photowave.evaluation.report.result import EvaluationResult

_VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """All tags with their attributes, and all text; tags that are not closed properly fail."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """Attributes of each such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def report_of(result: EvaluationResult, folder: Path) -> Path:
    """Save everything, and give the report alone."""
    path = result.save(folder)
    for other in ("metrics.json", "metrics.csv"):
        (folder / other).unlink()
    return path


def content_of(url: str) -> bytes:
    return base64.b64decode(url.partition(";base64,")[2], validate=True)


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(report_of(fake_result(), tmp_path).read_text("utf-8"))


def test_everything_is_there(page: Page) -> None:
    assert "No: sounds differ by photo." in page.text
    assert "Share of sounds taken for the right scene." in page.text
    assert "0.42 ±0.06" in page.text
    assert "0.360 to 0.480" in page.text
    assert "model.sha256" in page.text
    assert len(page.all("svg")) == 1
    # Three photos; the model can be heard twice, four others once.
    assert len(page.all("audio")) == 3 * 6
    assert len(page.all("img")) == 3 * (1 + 6)
    assert page.text.count("filtered noise\n") >= 3
    assert all(attributes["alt"] for attributes in page.all("img"))


def test_media_are_what_they_claim_to_be(tmp_path: Path) -> None:
    result = fake_result()
    page = Page(report_of(result, tmp_path).read_text("utf-8"))
    first = page.all("audio")[0]["src"]
    assert first.startswith("data:audio/flac;base64,")
    samples, rate = soundfile.read(io.BytesIO(content_of(first)))
    assert rate == RATE
    # The photos come in the order of their scenes, the model first.
    assert np.abs(samples - result.sounds[0].samples[0, 0].numpy()).max() <= 0.5 / 32_768 + 1e-9
    for attributes in page.all("img"):
        picture = Image.open(io.BytesIO(content_of(attributes["src"])))
        assert f"data:image/{picture.format.lower()};" in attributes["src"]
        assert max(picture.size) <= 320


def test_nothing_is_loaded_and_nothing_runs(page: Page) -> None:
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form"}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "xlink:href", "srcset", "data", "poster"):
            assert attributes.get(name, "#").startswith(("data:", "#"))
        for value in attributes.values():
            assert "http:" not in value.replace("http://www.w3.org/", "")
            assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", value))
    rule = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    assert rule == "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"


def test_links_inside_lead_somewhere(page: Page) -> None:
    names = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = {a["href"] for a in page.all("a")} | {a["xlink:href"] for a in page.all("use")}
    assert {"#listen", "#settings", "#metric-scene_recognised"} <= links
    assert {link.removeprefix("#") for link in links} <= names


EVIL = "<script>alert('1')</script>\"><b onload=x>&${{7*7}}"


def test_names_from_outside_are_escaped(tmp_path: Path) -> None:
    result = fake_result(
        scenes=(EVIL, "sea"),
        names=(f"{EVIL.replace('/', '-')}.jpg", "b.jpg"),
        metrics=(metric(name=EVIL, system=EVIL, unit=EVIL), metric(system="model")),
        settings={EVIL: EVIL},
        verdict=EVIL,
        definitions={EVIL: EVIL},
    )
    for text in (report_of(result, tmp_path).read_text("utf-8"), result._repr_html_()):
        page = Page(text)
        assert not {tag for tag, _ in page.tags} & {"script", "b"}
        assert not [a for _, a in page.tags if "onload" in a]
        assert EVIL in page.text
        assert "49" not in re.sub(r"[\d.]{4,}", "", page.text)


def test_a_file_name_that_is_no_text_is_no_obstacle(tmp_path: Path) -> None:
    result = fake_result(scenes=("sea",), names=("caf\udce9.jpg",))
    assert "caf?.jpg" in report_of(result, tmp_path).read_text("utf-8")


def test_the_same_result_gives_the_same_file(tmp_path: Path) -> None:
    first = report_of(fake_result(), tmp_path).read_bytes()
    assert first == report_of(fake_result(), tmp_path).read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_many_photos_are_chosen_from_all_scenes(tmp_path: Path) -> None:
    scenes = tuple(f"scene{place % 7}" for place in range(40))
    page = Page(report_of(fake_result(scenes=scenes, seconds=0.1), tmp_path).read_text("utf-8"))
    photos = [a["alt"] for a in page.all("img") if a["alt"].startswith("Photo ")]
    assert len(photos) == exhibits.PHOTOS
    assert {text.rpartition(" ")[2] for text in photos} == set(scenes)
    assert "12 of 40 photos" in page.text


def test_the_file_stays_small_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = report_of(fake_result(), tmp_path).stat().st_size
    monkeypatch.setattr(exhibits, "MEDIA_BYTES", 0.6 * full)
    path = report_of(fake_result(), tmp_path)
    assert path.stat().st_size < 0.8 * full
    page = Page(path.read_text("utf-8"))
    assert 0 < len(page.all("audio")) < 3 * 6
    monkeypatch.setattr(exhibits, "MEDIA_BYTES", 10)
    page = Page(report_of(fake_result(), tmp_path).read_text("utf-8"))
    assert page.all("audio") == []
    assert "too large" in page.text


def test_long_sounds_are_cut(tmp_path: Path) -> None:
    result = fake_result(scenes=("sea",), systems=("model",), seeds=1, seconds=11.0, rate=2_000)
    page = Page(report_of(result, tmp_path).read_text("utf-8"))
    samples, rate = soundfile.read(io.BytesIO(content_of(page.all("audio")[0]["src"])))
    assert len(samples) == exhibits.SOUND_S * rate


def test_a_result_may_lack_systems_intervals_and_bounds(tmp_path: Path) -> None:
    nan = float("nan")
    bare = metric(low=nan, high=nan, floor=nan, ceiling=nan, value=nan)
    result = fake_result(systems=("model",), seeds=1, metrics=(bare,), settings={}, definitions={})
    page = Page(report_of(result, tmp_path).read_text("utf-8"))
    assert "nan" not in page.text
    assert len(page.all("audio")) == 3
    assert "take 1" not in page.text


def test_summary_has_tables_and_no_media() -> None:
    page = Page(fake_result()._repr_html_())
    assert "No: sounds differ by photo." in page.text
    assert page.text.count("0.42 ±0.06") == len(SYSTEMS)
    assert not {tag for tag, _ in page.tags} & {"img", "audio", "script", "style", "a"}


def test_plots_show_each_system_and_its_bounds() -> None:
    result = fake_result()
    (axes,) = plot_metrics(result.metrics, ["scene_recognised"]).axes
    assert len(axes.get_yticklabels()) == len(SYSTEMS)
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [list(point.get_xdata()) for point in points] == [[0.42]] * len(SYSTEMS)
    marked = {round(x, 2) for lines in axes.collections for x, _ in np.vstack(lines.get_segments())}
    assert marked == {0.1, 0.68}


def test_plots_of_several_figures_leave_no_empty_panel() -> None:
    metrics = tuple(metric(name) for name in ("a", "b", "c", "d"))
    plot = plot_metrics(metrics)
    assert [axes.get_title() for axes in plot.axes] == ["a", "b", "c", "d"]
    assert len(plot_metrics(metrics, ["b"]).axes) == 1


def test_a_plot_of_an_unknown_figure_is_refused() -> None:
    with pytest.raises(ConfigError, match="beauty"):
        plot_metrics(fake_result().metrics, ["beauty"])


def test_svg_of_two_plots_share_no_names() -> None:
    result = fake_result(metrics=(metric("a"), metric("b")))
    found = [
        set(re.findall(r'id="([^"]+)"', to_svg(plot_metrics(result.metrics, [n]), name=n))) for n in "ab"
    ]
    assert all(found)
    assert not found[0] & found[1]


def test_what_was_heard_and_whose_recording_it_follows_stand_beside_the_photo(tmp_path: Path) -> None:
    told = {
        "places": {"sea_waves": 0.826, "<lake>": 0.174, "city": 0.0},
        "known_place": True,
        "recording": "gulls.wav",
        "attribution": '"gulls.wav" by Ann & Bob, CC-BY-4.0',
    }
    plain = fake_result(systems=("model", "real"))
    model, real = plain.sounds
    unsure = {**told, "known_place": False}
    result = replace(plain, sounds=(replace(model, told=(told, told, unsure)), real))
    path = result.save(tmp_path)
    text = " ".join(Page(path.read_text(encoding="utf-8")).text.split())
    assert text.count("heard: sea waves 83 %") == 2
    assert text.count("heard: no place that the model knows; nearest: sea waves 83 %") == 1
    assert text.count("sea waves 82.6 %<lake> 17.4 %city 0.0 %") == 3
    assert 'The sound follows "gulls.wav" by Ann & Bob, CC-BY-4.0' in text
    kept = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))["photos"]
    assert [photo["photo"] for photo in kept] == [file.name for file in result.photos.paths]
    assert kept[2] == {"photo": "photo2.jpg", "scene": "sea", **unsure}


def test_a_model_that_names_no_places_is_shown_without(tmp_path: Path) -> None:
    page = Page(fake_result().save(tmp_path).read_text(encoding="utf-8"))
    assert "heard:" not in page.text
    kept = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))["photos"]
    assert kept[0] == {"photo": "photo0.jpg", "scene": "city"}
