"""`photowave pairs make` and `check`: what they write and tell, and one line for what goes wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_models import save_photo
from tiny_videos import write_video

from photowave import extras
from photowave.cli.main import main
from photowave.pairs.manifest import read_manifest


def refused(code: int, told: Path | str, capsys: pytest.CaptureFixture[str]) -> None:
    """Check for exit code 2 and one line that names what is wrong."""
    assert code == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("photowave: ")
    assert err.count("\n") == 1
    assert str(told) in err


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Two scenes of eight photos and eight sounds, all different."""
    folder, random = tmp_path / "scenes", np.random.default_rng(0)
    for number, scene in enumerate(("sea", "wood")):
        for kind in ("photos", "sounds"):
            (folder / scene / kind).mkdir(parents=True)
        for index in range(8):
            save_photo(folder / scene / "photos" / f"photo {'abcdefgh'[index]}.png", 10 * number + index)
            noise = random.normal(size=400) / 10
            soundfile.write(folder / scene / "sounds" / f"sound {'abcdefgh'[index]}.wav", noise, 2_000)
    return folder


def test_make_writes_a_manifest(scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pairs.csv"
    assert (
        main(
            ["pairs", "make", str(scenes), "--out", str(out), "--splits.val", "0.25", "--splits.test", "0.25"]
        )
        == 0
    )
    told, err = capsys.readouterr()
    assert not err
    manifest = read_manifest(out)
    counts = {name: len(manifest.split(name).rows) for name in ("train", "val", "test")}
    assert sum(counts.values()) == 32
    assert told == f"{out}: " + ", ".join(f"{n} {name}" for name, n in counts.items()) + "\n"
    assert manifest.scenes == ("sea", "wood")
    assert len(manifest.photos) == len(manifest.sounds) == 16


def test_make_and_check_say_that_a_split_is_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, random = tmp_path / "walks", np.random.default_rng(0)
    folder.mkdir()
    for number in range(4):
        save_photo(folder / f"{number}.png", number)
        soundfile.write(folder / f"{number}.wav", random.normal(size=2_000) / 10, 2_000)
    by_chance, exact = tmp_path / "by chance.csv", tmp_path / "exact.csv"
    assert main(["pairs", "make", str(folder), "--out", str(by_chance)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{by_chance}: 4 train, 0 val, 0 test\n"
    val, test = err.splitlines()
    assert val.startswith("photowave: no photo and no recording is in val, and 'photowave fit' needs some. ")
    assert test.startswith("photowave: no photo and no recording is in test, and 'photowave test' and ")
    assert f"photowave pairs make '{by_chance}' --stable false --out ANOTHER.csv" in val
    assert main(["pairs", "check", str(by_chance), *QUIET]) == 0
    assert "no photo and no recording is in val, and 'photowave fit' needs some: " in capsys.readouterr().out
    assert main(["pairs", "make", str(by_chance), "--stable", "false", "--out", str(exact)]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == (f"{exact}: 2 train, 1 val, 1 test\n", "")
    zero = ["--splits.val", "0.2", "--splits.test", "0", "--overwrite"]
    assert main(["pairs", "make", str(by_chance), "--stable", "false", "--out", str(exact), *zero]) == 0
    assert not capsys.readouterr().err, "nothing was wanted for the test"


def test_make_keeps_what_may_have_been_edited(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs.csv"
    out.write_text("mine", encoding="utf-8")
    refused(main(["pairs", "make", str(scenes), "--out", str(out)]), "--overwrite", capsys)
    assert out.read_text(encoding="utf-8") == "mine"
    assert main(["pairs", "make", str(scenes), "--out", str(out), "--overwrite"]) == 0
    assert len(read_manifest(out).rows) == 32


def test_make_depend_on_the_seed_alone(scenes: Path, tmp_path: Path) -> None:
    texts = []
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        out = tmp_path / f"{name}.csv"
        assert main(["pairs", "make", str(scenes), "--out", str(out), "--splits.seed", str(seed)]) == 0
        texts.append(out.read_text(encoding="utf-8"))
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    ("folder", "out", "options", "told"),
    [
        ("nowhere", "pairs.csv", [], "nowhere is not a folder"),
        ("empty", "pairs.csv", ["--layout", "places"], "holds no scenes"),
        ("empty", "pairs.csv", [], "no photo and no sound have the same name"),
        ("scenes", "pairs.csv", ["--splits.val", "1.5"], "1.5"),
        ("scenes", "pairs.csv", ["--splits.test=-0.1"], "-0.1"),
        ("scenes", "missing/pairs.csv", [], "pairs.csv cannot be written"),
        ("lacking", "pairs.csv", [], "wood/sounds"),
    ],
)
def test_make_refuses_what_cannot_be(
    folder: str,
    out: str,
    options: list[str],
    told: str,
    scenes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    if folder == "lacking":
        for path in (scenes / "wood" / "sounds").iterdir():
            path.unlink()
        scenes.rename(tmp_path / "lacking")
    refused(
        main(["pairs", "make", str(tmp_path / folder), "--out", str(tmp_path / out), *options]), told, capsys
    )
    assert not list(tmp_path.glob("**/*.csv"))


def test_the_old_form_is_answered_with_the_new_one(capsys: pytest.CaptureFixture[str]) -> None:
    refused(main(["pairs", "my_places", "pairs.csv"]), "photowave pairs make FOLDER --out OUT.csv", capsys)
    refused(main(["pairs", "chekc", "pairs.csv"]), "Did you mean 'check'?", capsys)
    assert main(["pairs"]) == 0
    assert "check" in capsys.readouterr().out


@pytest.fixture
def faulty(scenes: Path) -> Path:
    """A manifest with a good row, an empty photo and a missing sound; its photos are of one colour."""
    (scenes / "bad.jpg").touch()
    path = scenes / "m.csv"
    good = "sea/photos/photo a.png,sea/sounds/sound a.wav"
    path.write_text(
        f"photo,sound,scene,split,remark\n{good},sea,train,mine\nbad.jpg,,sea,train,\n,gone.wav,sea,val,\n"
    )
    return path


QUIET = ["--model", "none", "--speech", "false", "--clip_s", "0.2", "--sample_rate", "2000"]


def test_check_tells_rejects_and_mends(
    faulty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / name for name in ("r.json", "r.html", "usable.csv")}
    outputs = [
        "--json",
        str(files["r.json"]),
        "--html",
        str(files["r.html"]),
        "--fix",
        str(files["usable.csv"]),
    ]
    assert main(["pairs", "check", str(faulty), *QUIET, *outputs]) == 1
    out, err = capsys.readouterr()
    assert not err
    assert "line 3: bad.jpg: rejected, empty: is empty (0 bytes). Copy the file again" in out
    assert "line 4: rejected, missing: sound 'gone.wav' does not exist." in out
    assert "3 rows: 1 usable (1 of them suspect), 2 rejected\n" in out
    assert "not checked: speech: not asked for\n" in out
    (total,) = [line for line in out.splitlines() if line.startswith("sea ")]
    assert total.split() == ["sea", "train", "1", "1", "0:00:01"], "short recordings have a length"
    tree = json.loads(files["r.json"].read_text("utf-8"))
    assert (tree["rows"], tree["usable"], tree["rejected"]) == (3, 1, 2)
    assert {each["kind"] for each in tree["findings"]} >= {"empty", "missing"}
    page = files["r.html"].read_text("utf-8")
    assert "bad.jpg" in page
    assert "http" not in page
    (line,) = files["usable.csv"].read_text("utf-8").splitlines()[1:]
    assert line == "scenes/sea/photos/photo a.png,scenes/sea/sounds/sound a.wav,sea,train,mine"
    for name, path in files.items():
        before = path.read_bytes()
        option = "--" + {"r.json": "json", "r.html": "html", "usable.csv": "fix"}[name]
        refused(main(["pairs", "check", str(faulty), *QUIET, option, str(path)]), "--overwrite", capsys)
        assert path.read_bytes() == before
    assert main(["pairs", "check", str(files["usable.csv"]), *QUIET]) == 0


def test_check_takes_a_folder(scenes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (scenes / "wood" / "sounds" / "sound b.wav").write_bytes(b"")
    for path in (scenes / "sea" / "photos").iterdir():
        path.unlink()
    assert main(["pairs", "check", str(scenes), *QUIET]) == 1
    out = capsys.readouterr().out
    assert "wood/sounds/sound b.wav: rejected, empty" in out
    assert "sea/photos: suspect, place without partner: nothing in sea/photos." in out
    assert "24 rows: 23 usable" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gone.csv"], "gone.csv does not exist"),
        (["m.csv", "--reject", "[ugly]"], "there is no such kind. Choose from: faulty row"),
        (["m.csv", "--clip_s", "0"], "clip_s=0"),
        (["m.csv", "--model", "gone.safetensors"], "gone.safetensors"),
    ],
)
def test_check_refuses_what_cannot_be(
    arguments: list[str],
    told: str,
    faulty: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(faulty.parent)
    refused(main(["pairs", "check", *arguments]), told, capsys)


def test_a_map_of_labels_is_written_once_and_then_used(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, label in (("photos", "sea"), ("photos", "wood"), ("sounds", "sea"), ("sounds", "wood")):
        (tmp_path / kind).mkdir(exist_ok=True)
        (scenes / label / kind).rename(tmp_path / kind / (label if label == "sea" else f"{label} {kind}"))
    monkeypatch.chdir(tmp_path)
    command = ["pairs", "make", "photos", "sounds", "--labels", "map.csv", "--out", "m.csv"]
    assert main(command) == 1
    assert capsys.readouterr().out.startswith("map.csv: written, 4 labels, 2 of them without a place.")
    assert not Path("m.csv").exists()
    drafted = Path("map.csv").read_text("utf-8")
    assert drafted.splitlines() == [
        "kind,label,place",
        "photo,sea,sea",
        "photo,wood photos,",
        "sound,sea,sea",
        "sound,wood sounds,",
    ]
    assert main(command) == 0
    assert capsys.readouterr().err.count("left out") == 16
    assert read_manifest("m.csv").scenes == ("sea",)
    Path("map.csv").write_text(
        drafted.replace("wood photos,", "wood photos,forest").replace("sounds,", "sounds,forest")
    )
    assert main([*command, "--overwrite"]) == 0
    assert read_manifest("m.csv").scenes == ("forest", "sea")


def test_broken_videos_are_told_and_end_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "v").mkdir()
    write_video(tmp_path / "v" / "a.mkv", seconds=2.0)
    (tmp_path / "v" / "b.mp4").write_bytes(b"no video")
    monkeypatch.chdir(tmp_path)
    assert main(["pairs", "make", "v", "--out", "m.csv", "--excerpt_s", "1"]) == 1
    out, err = capsys.readouterr()
    first, *others = err.splitlines()
    assert first.startswith("photowave: left out: v/b.mp4 cannot be decoded as a video")
    assert all("no photo and no recording is in" in line for line in others)
    assert sum(int(word.split()[0]) for word in out.partition(": ")[2].split(", ")) == 2
    refused(main(["pairs", "make", "v", "--out", "n.csv", "--excerpt_s", "0"]), "excerpt_s=0", capsys)
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    refused(main(["pairs", "make", "v", "--out", "n.csv"]), "pip install 'photowave[video]'", capsys)
