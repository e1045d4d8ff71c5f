"""Places are built from made-up sources, without network: making, checking, going on, failing well."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import build_places
import numpy as np
import pytest
import soundfile
from PIL import Image
from places import fetching
from places.checking import check, measure
from places.entries import LIST, BuildError, Entry, read_entries, write_entries
from places.fetching import Parcel

from photowave.pairs.manifest import read_manifest

RATE = 8000


def view(seed: int) -> Image.Image:
    """A picture of a few big patches, so that scaling and JPEG leave its look alone."""
    patches = np.random.default_rng(seed).integers(0, 256, (5, 8, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((800, 500), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository and a package: a photo on its side, one mirrored, stereo recordings, a text."""
    root = tmp_path_factory.mktemp("sources")
    for folder in ("me/stuff/a b", "pack/usr/share"):
        (root / folder).mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    view(0).transpose(Image.Transpose.ROTATE_90).save(root / "me/stuff/a b/sea.jpg", exif=exif, quality=95)
    view(1).transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(root / "pack/usr/share/lake.png")
    noise = np.random.default_rng(1).normal(0, 0.1, (4 * RATE, 2)).clip(-1, 1)
    soundfile.write(root / "me/stuff/waves.wav", noise, RATE)
    soundfile.write(root / "me/stuff/short.ogg", noise[:RATE], RATE)
    (root / "me/stuff/text.jpg").write_text("no photo")
    return root


@pytest.fixture
def entries(sources: Path, tmp_path: Path) -> list[Entry]:
    """What is wanted of them, as the list would have it; the list is in `list.csv`."""
    github = {"source_kind": "github", "source": "me/stuff", "version": "c0ffee"}
    debian = {"source_kind": "debian", "source": "pack", "version": "1:1.0"}
    cut = {"kind": "sound", "path_in_source": "waves.wav", "start_s": 1.0, "end_s": 3.0, "split": "train"}
    rms = 20 * np.log10(0.1)
    known = {"duration_s": 2.0, "sample_rate": RATE, "rms_dbfs": rms, "bandwidth_hz": 3900.0}
    looks = {"kind": "photo", "split": "test"}
    digest = hashlib.sha256((sources / "me/stuff/short.ogg").read_bytes()).hexdigest()
    found = [
        Entry(
            place="sea",
            also="lake;moon",
            file="sea/photos/a.jpg",
            path_in_source="a b/sea.jpg",
            **looks | github,
        ),
        Entry(place="lake", file="lake/photos/b.jpg", path_in_source="/usr/share/lake.png", **looks | debian),
        Entry(place="sea", file="sea/sounds/stereo.ogg", channels=2, **github | cut | known),
        Entry(
            place="lake",
            file="lake/sounds/mono.ogg",
            channels=1,
            **github | cut | known | {"rms_dbfs": rms - 3},
        ),
        Entry(
            place="lake",
            file="lake/sounds/short.ogg",
            sha256=digest,
            **github | cut | known | {"path_in_source": "short.ogg"},
        ),
        Entry(place="moon", file="moon/sounds/left_out.ogg", **github | cut | known | {"split": ""}),
    ]
    for number, name in ((0, "a.jpg"), (1, "b.jpg")):
        small = view(number)
        small.thumbnail((512, 512), Image.Resampling.LANCZOS)
        small.save(tmp_path / name)
        found[number] = measure(tmp_path / name, found[number])
        (tmp_path / name).unlink()
    write_entries(tmp_path / "list.csv", found)
    return found


class Shop:
    """Stands in for the network: hands out folders, and remembers what was asked for."""

    def __init__(self, sources: Path, note: str = "", closed: Sequence[str] = ()):
        self.sources, self.note, self.closed = sources, note, closed
        self.asked: list[str] = []

    def __call__(self, parcel: Parcel, scratch: Path) -> tuple[Path, str]:
        self.asked.append(f"{parcel.source} {parcel.path}".strip())
        assert scratch.is_dir()
        if parcel.source in self.closed:
            raise BuildError("no network")
        return self.sources / parcel.source, self.note if parcel.kind == "debian" else ""


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def inside(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.split]


def test_photos_and_sounds_are_made_as_the_list_says(entries, sources: Path, tmp_path: Path) -> None:
    out, shop = tmp_path / "out", Shop(sources)
    summary = build_places.build(inside(entries), out, fetch=shop)
    assert (summary.made, summary.kept, dict(summary.failed), summary.notes) == (5, 0, {}, [])
    assert files(out) == sorted(entry.file for entry in inside(entries))
    # Two cuts of one recording are one download.
    assert shop.asked == ["pack", "me/stuff a b/sea.jpg", "me/stuff short.ogg", "me/stuff waves.wav"]
    for number, file in ((0, "sea/photos/a.jpg"), (1, "lake/photos/b.jpg")):
        with Image.open(out / file) as photo:
            assert (photo.format, photo.mode, photo.size) == ("JPEG", "RGB", (512, 320))
            wanted = np.asarray(view(number).resize((512, 320)), dtype=float)
            assert np.abs(np.asarray(photo, dtype=float) - wanted).mean() < 5
    expected = soundfile.read(sources / "me/stuff/waves.wav", start=RATE, stop=3 * RATE)[0]
    stereo, rate = soundfile.read(out / "sea/sounds/stereo.ogg")
    assert (rate, stereo.shape) == (RATE, expected.shape)
    assert np.corrcoef(stereo[:, 1], expected[:, 1])[0, 1] > 0.8 > abs(np.corrcoef(stereo.T)[0, 1])
    mono, _ = soundfile.read(out / "lake/sounds/mono.ogg")
    assert np.corrcoef(mono, expected.mean(axis=1))[0, 1] > 0.8
    assert (out / "lake/sounds/short.ogg").read_bytes() == (sources / "me/stuff/short.ogg").read_bytes()


def test_a_second_run_leaves_good_files_alone_and_mends_bad_ones(
    entries, sources: Path, tmp_path: Path
) -> None:
    out, shop = tmp_path / "out", Shop(sources)
    build_places.build(inside(entries), out, fetch=shop)
    shop.asked.clear()
    assert build_places.build(inside(entries), out, fetch=shop).kept == 5
    assert shop.asked == []
    stamp = (out / "sea/photos/a.jpg").stat().st_mtime_ns
    (out / "lake/photos/b.jpg").unlink()
    for cut_off in ("sea/sounds/stereo.ogg", "lake/sounds/short.ogg"):
        (out / cut_off).write_bytes((out / cut_off).read_bytes()[:500])
    summary = build_places.build(inside(entries), out, fetch=shop)
    assert (summary.kept, summary.made) == (2, 3)
    assert (out / "sea/photos/a.jpg").stat().st_mtime_ns == stamp
    assert [check(out / entry.file, entry) for entry in inside(entries)] == [""] * 5


@pytest.mark.parametrize(
    ("number", "change", "words"),
    [
        (0, {"width": 320, "height": 512}, "has (512, 320) pixels instead of (320, 512)"),
        (0, {"phash": "7fff0000ffff0000"}, "does not look as phash 7fff0000ffff0000 says"),
        (0, {"path_in_source": "gone.jpg"}, "gone.jpg is not in me/stuff c0ffee"),
        (0, {"path_in_source": "text.jpg"}, "cannot identify image file"),
        (2, {"duration_s": 2.1}, "lasts 2.00 s instead of 2.10 s"),
        (2, {"rms_dbfs": -21.0}, "dBFS instead of -21.0 dBFS"),
        (2, {"sample_rate": 44100}, "has 8000 Hz and 2 channels instead of 44100 Hz and 2"),
        (2, {"path_in_source": "text.jpg"}, "Error opening"),
        (2, {"start_s": 9.0, "end_s": 11.0}, ""),
        (4, {"sha256": "0" * 64}, "the result has other bytes than sha256 000"),
    ],
)
def test_what_does_not_fit_is_named_and_the_rest_is_made(
    entries, sources: Path, tmp_path: Path, number: int, change: dict, words: str
) -> None:
    entries[number] = replace(entries[number], **change)
    summary = build_places.build(inside(entries), tmp_path / "out", fetch=Shop(sources))
    assert summary.made == 4
    ((reason, failed),) = summary.failed.items()
    assert failed == [entries[number].file]
    assert words in reason
    assert len(files(tmp_path / "out")) == 4


def test_a_set_built_elsewhere_is_taken_after_the_same_checks(entries, sources: Path, tmp_path: Path) -> None:
    build_places.build(inside(entries), tmp_path / "built", fetch=Shop(sources))
    (tmp_path / "built/sea/photos/a.jpg").unlink()
    shutil.copy(tmp_path / "built/sea/sounds/stereo.ogg", tmp_path / "built/lake/sounds/mono.ogg")
    shop = Shop(sources)
    summary = build_places.build(inside(entries), tmp_path / "out", built=tmp_path / "built", fetch=shop)
    assert (summary.made, shop.asked) == (3, [])
    assert dict(summary.failed) == {
        "is not in the folder given with --from": ["sea/photos/a.jpg"],
        "the file in the folder given with --from has 8000 Hz and 2 channels instead of 8000 Hz and 1": [
            "lake/sounds/mono.ogg"
        ],
    }


def run(folder: Path, shop: Shop, *more: str) -> int:
    return build_places.main([str(folder / "out"), "--list", str(folder / "list.csv"), *more], fetch=shop)


def test_the_command_writes_the_manifest_and_says_what_came_of_it(
    entries, sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, Shop(sources, "version 1:1.0 is gone, 1:1.1 was used instead")) == 0
    out, err = capsys.readouterr()
    assert f"5 of 5 files are in {tmp_path / 'out'}: 5 made, 0 kept." in out
    assert "note: package pack: version 1:1.0 is gone, 1:1.1 was used instead" in out
    assert "4 of 4: me/stuff waves.wav (2 files)" in err
    manifest = read_manifest(tmp_path / "out" / "pairs.csv")
    assert [(row.scene, row.split, row.also, row.bandwidth_hz) for row in manifest.rows] == [
        # The set leaves the moon out, so no photo goes with it.
        ("sea", "test", ("lake",), None),
        ("lake", "test", (), None),
        ("sea", "train", (), 3900.0),
        ("lake", "train", (), 3900.0),
        ("lake", "train", (), 3900.0),
    ]
    assert manifest.rows[0].photo == tmp_path / "out/sea/photos/a.jpg"


@pytest.mark.parametrize(
    ("licence", "bound"),
    [("CC-BY-SA-4.0", True), ("GPL-2+", True), ("LGPL-2.1+", True), ("CC-BY-3.0", False), ("CC0-1.0", False)],
)
def test_training_photos_that_bind_are_left_out_of_the_manifest(
    entries, licence: str, bound: bool, tmp_path: Path
) -> None:
    photo = next(entry for entry in entries if entry.kind == "photo")
    (tmp_path / photo.file).parent.mkdir(parents=True)
    (tmp_path / photo.file).touch()
    for split in ("train", "test"):
        entry = replace(photo, licence=licence, split=split)
        kept = 0 if bound and split == "train" else 1
        assert len(build_places.manifest_rows([entry], tmp_path)) == kept
        assert len(build_places.manifest_rows([entry], tmp_path, all_licences=True)) == 1


def test_the_command_lists_failures_by_reason_and_exits_with_1(
    entries, sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, Shop(sources, closed=["me/stuff"])) == 1
    out, err = capsys.readouterr()
    assert "1 of 5 files are in" in out
    assert (
        "4 files are missing; run the command again to try anew:\n  no network:\n    sea/photos/a.jpg" in err
    )
    assert len(read_manifest(tmp_path / "out" / "pairs.csv").rows) == 1
    assert run(tmp_path, Shop(sources)) == 0
    assert len(read_manifest(tmp_path / "out" / "pairs.csv").rows) == 5


def test_single_places_are_built_and_the_manifest_keeps_the_others(
    entries, sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, Shop(sources), "--only", "sea") == 0
    assert files(tmp_path / "out") == ["pairs.csv", "sea/photos/a.jpg", "sea/sounds/stereo.ogg"]
    assert run(tmp_path, Shop(sources), "--only", "lake") == 0
    assert len(read_manifest(tmp_path / "out" / "pairs.csv").rows) == 5
    for wrong, words in (
        (["--only", "sea", "moon"], "--only moon: no place of the set"),
        (["--from", str(tmp_path / "nowhere")], "nowhere: no such folder"),
        (["--list", str(tmp_path / "nowhere.csv")], "nowhere.csv cannot be read"),
    ):
        with pytest.raises(SystemExit, match="2"):
            run(tmp_path, Shop(sources), *wrong)
        assert words in capsys.readouterr().err


def test_lists_that_lack_columns_or_name_a_file_twice_are_refused(entries, tmp_path: Path) -> None:
    assert read_entries(tmp_path / "list.csv")[0] == entries[0] or np.isnan(entries[0].start_s)
    (tmp_path / "short.csv").write_text("place,kind\nsea,photo\n")
    with pytest.raises(BuildError, match=r"short.csv lacks the columns also, file, source_kind"):
        read_entries(tmp_path / "short.csv")
    write_entries(tmp_path / "list.csv", [entries[0], entries[0]])
    with pytest.raises(BuildError, match=r"lists sea/photos/a.jpg more than once"):
        read_entries(tmp_path / "list.csv")


def test_github_files_are_fetched_by_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = tmp_path / "remote/me/photos/0a1b"
    (remote / "a b").mkdir(parents=True)
    (remote / "a b/+z#1.jpg").write_bytes(b"photo")
    assert fetching.raw_url(Parcel("github", "me/photos", "0a1b", "a b/+z#1.jpg")) == (
        "https://raw.githubusercontent.com/me/photos/0a1b/a%20b/%2Bz%231.jpg"
    )
    monkeypatch.setattr(fetching, "RAW", (tmp_path / "remote").as_uri())
    root, note = fetching.fetch(Parcel("github", "me/photos", "0a1b", "a b/+z#1.jpg"), tmp_path / "scratch")
    assert ((root / "a b/+z#1.jpg").read_bytes(), note) == (b"photo", "")
    with pytest.raises(BuildError, match="No such file"):
        fetching.fetch(Parcel("github", "me/photos", "0a1b", "gone.jpg"), tmp_path / "scratch")


def test_where_a_version_is_gone_the_one_there_is_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def apt(command: list[str], folder: Path) -> str:
        asked.append(command)
        if command[-1] == "pack=1:1.0":
            return "E: Version '1:1.0' for 'pack' was not found"
        if command[0] == "apt-get":
            (folder / "pack_1%3a1.1_all.deb").touch()
        return ""

    monkeypatch.setattr(fetching, "_run", apt)
    monkeypatch.setattr(fetching.shutil, "which", lambda tool: tool)
    root, note = fetching.fetch(Parcel("debian", "pack", "1:1.0", ""), tmp_path)
    assert note == "version 1:1.0 is gone, 1:1.1 was used instead"
    assert asked[1:] == [
        ["apt-get", "download", "pack"],
        ["dpkg-deb", "-x", str(tmp_path / "pack_1%3a1.1_all.deb"), str(root)],
    ]


def test_errors_of_apt_and_a_machine_without_it_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_run", lambda command, folder: "E: Unable to locate package pack")
    monkeypatch.setattr(fetching.shutil, "which", lambda tool: tool)
    with pytest.raises(BuildError, match=r"Unable to locate package pack .*apt-get update"):
        fetching.fetch(Parcel("debian", "pack", "1.0", ""), tmp_path)
    monkeypatch.setattr(fetching.shutil, "which", lambda tool: None)
    with pytest.raises(BuildError, match=r"^apt-get and dpkg-deb not found"):
        fetching.fetch(Parcel("debian", "pack", "1.0", ""), tmp_path)


def test_the_list_that_ships_is_whole() -> None:
    listed = read_entries(LIST)
    assert sum(entry.kind == "photo" for entry in listed) == 722
    assert sum(entry.kind == "sound" for entry in listed) == 251
    for entry in inside(listed):
        assert entry.file.split("/")[:2] == [entry.place, f"{entry.kind}s"]
        assert entry.licence
        assert len(entry.version) == 40 or entry.source_kind == "debian"
        if entry.kind == "photo":
            assert 256 <= max(entry.width, entry.height) <= 512
            assert len(entry.phash) == 16
        else:
            assert entry.sha256 or entry.end_s - entry.start_s == pytest.approx(entry.duration_s, abs=0.05)
            assert entry.sample_rate > 0
            assert entry.channels in (1, 2)
            assert 0 < entry.bandwidth_hz <= entry.sample_rate / 2
