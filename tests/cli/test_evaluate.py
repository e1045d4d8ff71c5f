"""`photowave evaluate`: a table on standard output, files in the folder, one line for what goes wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tiny_scenes import write_tiny_scenes

from photowave.cli.main import main
from photowave.errors import PairError
from photowave.generation import load
from photowave.settings import SplitSettings


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_scenes(tmp_path_factory.mktemp("scenes"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep photo features out of the user's cache."""
    monkeypatch.setattr(
        "photowave.image.cache.platformdirs.user_cache_path", lambda *a, **k: tmp_path / "cache"
    )


def evaluate(model: Path, pairs: Path, out: Path, **options: object) -> int:
    given = {"model": model, "pairs": pairs, "out": out, **options}
    return main(["evaluate", *(str(part) for name, value in given.items() for part in (f"--{name}", value))])


def test_it_evaluates(
    tiny_model_file: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(tiny_model_file).warm_up()
    out = tmp_path / "evaluation"
    code = evaluate(tiny_model_file, pairs, out, split="train", seeds=2, duration_s=1, temperature=0.9)
    told, err = capsys.readouterr()
    assert code == 0
    assert sorted(path.name for path in out.iterdir()) == ["metrics.csv", "metrics.json", "report.html"]
    tree = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert (tree["settings"]["split"], tree["settings"]["temperature"]) == ("train", 0.9)
    assert " ".join(told.split()).startswith(tree["verdict"])
    assert "scene_recognised" in told
    assert str(out / "report.html") in told
    assert max(map(len, told.splitlines()[:-1])) <= 110
    stages = ["reading recordings", "drawing", "scoring recordings", "measuring sounds", "comparing"]
    assert err.splitlines() == stages


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--seeds", "0"], "seeds=0"),
        (["--photos", "1"], "photos=1"),
        (["--splits.val", "much"], "splits.val"),
        (["--duration_s", "0.1"], "duration_s=0.1"),
        (["--split", "all"], "'train', 'val', 'test'"),
        (["--model", "nowhere.safetensors"], "nowhere.safetensors: no such model file"),
        (["--pairs", "nowhere"], "pairs=nowhere: no such manifest, folder of scenes or sound file."),
        (["--nonsense", "1"], "'photowave evaluate --help'"),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: list[str], told: str, tiny_model_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = arguments if "--model" in arguments else ["--model", str(tiny_model_file), *arguments]
    assert main(["evaluate", *given]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("photowave: ")
    assert err.count("\n") == 1
    assert told in err


def test_a_folder_is_split_as_it_was_for_training(
    tiny_model_file: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[SplitSettings] = []

    def opened(_: str, splits: SplitSettings) -> None:
        seen.append(splits)
        raise PairError("seen")

    monkeypatch.setattr("photowave.pairs.sources.open_pairs", opened)
    options = {"splits.seed": 3, "splits.val": 0.2, "splits.test": 0.25}
    assert evaluate(tiny_model_file, pairs, pairs.parent / "out", **options) == 2
    assert seen == [SplitSettings(seed=3, val=0.2, test=0.25)]


def test_what_was_left_out_is_told(
    tiny_model_file: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fewer = pairs.with_name("fewer.csv")
    fewer.write_text(pairs.read_text() + "moon.png,,moon,train\n")
    Image.new("RGB", (40, 30)).save(pairs.parent / "moon.png")
    options = {"split": "train", "seeds": 1, "duration_s": 1, "photos": 2}
    assert evaluate(tiny_model_file, fewer, tmp_path / "out", **options) == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("photowave: ")]
    assert notes == [
        "photowave: no recording is of moon; photos of that are left out.",
        "photowave: 2 of 6 photos were taken, by lot; --photos 6 takes all.",
    ]


def test_without_pairs_the_message_names_the_remedy(
    tiny_model_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PHOTOWAVE_PLACES", raising=False)
    assert main(["evaluate", "--model", str(tiny_model_file)]) == 2
    _, err = capsys.readouterr()
    assert err.startswith("photowave: pairs=null stands for the set of places, and data")
    assert "scripts/build_places.py" in err
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_told_before_the_work(
    tiny_model_file: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    assert evaluate(tiny_model_file, pairs, tmp_path / "file") == 2
    _, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert "cannot be written" in err


def test_help_names_every_option_and_takes_no_torch() -> None:
    code = """
import sys
from photowave.cli.main import main
try:
    main(["evaluate", "--help"])
except SystemExit as done:
    assert done.code == 0
sys.exit(" ".join(name for name in ("torch", "lightning", "sklearn") if name in sys.modules) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = ("model", "pairs", "split", "splits.seed", "splits.val", "splits.test", "photos", "out", "seeds")
    for name in (*names, "duration_s", "seed", "temperature", "guidance", "embedding"):
        assert f"--{name} " in done.stdout
    assert "Sounds per photo" in done.stdout
