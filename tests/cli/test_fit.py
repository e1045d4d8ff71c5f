"""`photowave fit | validate | test` from the outside."""

import csv
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from lightning.pytorch.accelerators import CUDAAccelerator, MPSAccelerator
from tiny_scenes import tiny_settings, write_tiny_scenes

from photowave import __version__, recipes
from photowave.cli import fit
from photowave.cli.main import main
from photowave.model import PhotowaveModel
from photowave.training.datamodule import PairsDataModule
from photowave.training.task import SoundscapeTask

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two made-up scenes."""
    return write_tiny_scenes(tmp_path_factory.mktemp("scenes"))


@pytest.fixture(autouse=True)
def room(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Run in a folder of its own, keep features there, and leave signal handlers as they were."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setattr("photowave.image.cache.platformdirs.user_cache_path", lambda *a, **k: folder)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def photowave(manifest: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the tiny scenes; gives exit code, output and errors."""

    def run(command: str, *more: str, tiny: bool = True, **changes: Any) -> tuple[int, str, str]:
        named = tiny_settings(manifest, **changes)
        if command != "fit":
            named = {name: value for name, value in named.items() if not name.startswith("model.")}
        given = [f"--{name}={value}" for name, value in named.items()] if tiny else []
        code = main([command, *given, *more])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def assert_refused(result: tuple[int, str, str], *parts: str) -> None:
    """One line on stderr with these parts in it, and exit code 2."""
    code, _, err = result
    lines = err.strip().splitlines()
    assert code == 2
    assert len(lines) == 1, err
    assert lines[0].startswith("photowave: ")
    for part in parts:
        assert part in lines[0]


@pytest.mark.parametrize("components", [0, 3])
def test_fit_tells_what_it_does_and_nothing_else(components: int, photowave: Run, tmp_path: Path) -> None:
    code, out, err = photowave("fit", trainer__max_steps=6, model__envelope__components=components)
    envelope = r"\| envelope -?[\d.]+ " if components else ""
    assert (code, err) == (0, "")
    patterns = [
        r"train: reading 6 photos and 6 recordings",
        r"val: reading 2 photos and 2 recordings",
        r"codebook: 4 textures from \d+ windows in 2 groups",
        r"prior: 2 groups of textures told apart by 6 photos",
        r"model: [\d,]+ learned weights",
        r"sound: train 12 s, val 4 s",
        r"bits per sample on 4 clips of 0.2 s of split val: uniform .* linear predictor [\d.]+",
        r"checkpoints: .*checkpoints",
        r"step 4 \| .* left \| train [\d.]+ \| val [\d.]+ \| right photo [\d.]+ "
        + envelope
        + r"\| swap gain .*",
        r"step 6 \| .*",
        r"best: [\d.]+ bits per sample in .*best\.ckpt",
        r"for a model file: photowave export .*best\.ckpt MODEL\.safetensors",
    ]
    lines = out.splitlines()
    assert len(lines) == len(patterns), out
    for line, pattern in zip(lines, patterns, strict=True):
        assert re.fullmatch(pattern, line), line
    folder = tmp_path / "runs" / "photowave" / "version_0"
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    assert yaml.safe_load((folder / "config.yaml").read_text())["trainer"]["max_steps"] == 6


def test_without_settings_the_default_recipe_is_taken_and_named(
    photowave: Run, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(fit, "PhotowaveCLI", lambda command, arguments: given.append(arguments))
    code, out, _ = photowave("fit", f"--data.pairs={manifest}", tiny=False)
    assert code == 0
    assert given == [[f"--config={recipes.path('places')}", f"--data.pairs={manifest}"]]
    assert out.startswith("settings: recipe 'places', that of the default model; --config NAME takes")
    for argument in (["--config", "scenes"], ["-c=scenes"], ["--help"]):
        assert "settings:" not in photowave("fit", *argument, tiny=False)[1]
    assert "settings:" not in photowave("validate", tiny=False)[1]


def test_resumed_run_goes_on_in_its_folder(photowave: Run, tmp_path: Path) -> None:
    assert photowave("fit", trainer__max_steps=5)[0] == 0
    last = tmp_path / "runs/photowave/version_0/checkpoints/last.ckpt"
    code, out, err = photowave("fit", f"--ckpt_path={last}", trainer__max_steps=8)
    assert (code, err) == (0, "")
    assert "going on after step 5" in out.splitlines()
    assert torch.load(last, weights_only=True)["global_step"] == 8
    assert [path.name for path in (tmp_path / "runs/photowave").iterdir()] == ["version_0"]


@pytest.mark.parametrize(("command", "split"), [("validate", "val"), ("test", "test")])
def test_scoring_takes_the_settings_from_the_checkpoint(
    command: str, split: str, photowave: Run, tmp_path: Path
) -> None:
    assert photowave("fit", trainer__max_steps=4)[0] == 0
    best = tmp_path / "runs/photowave/version_0/checkpoints/best.ckpt"
    before = sorted(tmp_path.rglob("*"))
    code, out, err = photowave(command, f"--ckpt_path={best}")
    assert (code, err) == (0, "")
    assert sorted(tmp_path.rglob("*")) == before
    assert f"split {split}: uniform" in out
    rows = dict(re.findall(r"^  (\w[\w, ]*?) {2,}([\d.]+)", out, re.MULTILINE))
    assert list(rows) == [
        "uniform",
        "histogram",
        "linear predictor",
        "model",
        "model, right photo",
        "model, other photo",
    ]
    assert_refused(photowave(command), "there is nothing to score. Give --ckpt_path")


def test_validate_repeats_the_score_of_the_training(photowave: Run, tmp_path: Path) -> None:
    _, out, _ = photowave("fit", trainer__max_steps=4)
    trained = re.findall(r"\| val ([\d.]+)", out)[-1]
    best = tmp_path / "runs/photowave/version_0/checkpoints/best.ckpt"
    _, out, _ = photowave("validate", f"--ckpt_path={best}")
    assert re.findall(r"^  model +([\d.]+)", out, re.MULTILINE) == [trained]


def test_without_validation_the_last_state_is_kept_and_nothing_is_complained_of(
    photowave: Run, tmp_path: Path
) -> None:
    code, _, err = photowave("fit", trainer__max_steps=6, trainer__limit_val_batches=0)
    assert (code, err) == (0, "")
    assert [path.name for path in tmp_path.rglob("*.ckpt")] == ["last.ckpt"]


def test_without_a_logger_no_settings_lie_about(photowave: Run, tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    code, _, err = photowave("fit", trainer__max_steps=2, trainer__logger="false")
    assert (code, err) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} - before == {"checkpoints"}
    assert not list(tmp_path.rglob("config.yaml"))


def test_dry_run_leaves_no_checkpoints(photowave: Run, tmp_path: Path) -> None:
    code, _, _ = photowave("fit", trainer__fast_dev_run="true")
    assert code == 0
    assert not list(tmp_path.rglob("*.ckpt"))


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        (
            {"model__audio__bands": 3},
            ["bands=3: must be 1, 2, 4, 8, 16, 24 or 32, or ", "Use 1 for raw samples."],
        ),
        ({"model__audio__bands": 2}, ["output='softmax' with bands=2"]),
        ({"model__audio__sample_rate": "fast"}, ["model.audio.sample_rate", "fast"]),
        ({"model__audio__colour": 1}, ["model.audio.colour", "photowave fit --help"]),
        (
            {"model__audio__sample_rat": 4000},
            ["model.audio.sample_rat", "Did you mean '--model.audio.sample_rate'? See"],
        ),
        ({"trainer__max_step": 1}, ["Did you mean '--trainer.max_steps'?"]),
        ({"check_path": "last.ckpt"}, ["Did you mean '--ckpt_path'?"]),
        ({"training__learning_rate": 5}, ["learning_rate=5.0: must lie between"]),
        ({"data__batch_size": 0}, ["batch_size=0: must be at least 1"]),
        ({"data__pairs": "nowhere.csv"}, ["pairs=nowhere.csv: no such manifest"]),
        ({"data__clip_s": 5.0}, ["6 of 6 recordings cannot be used", "lasts 2 s; training needs 5 s"]),
        ({"previews__photos": 0}, ["photos=0"]),
        ({"average__decay": 2}, ["decay=2.0"]),
        ({"trainer__precision": "bf16-mixed"}, ["precision=bf16-mixed: training takes 32-true only"]),
        ({"trainer__val_check_interval": 50}, ["val_check_interval"]),
        ({"ckpt_path": "nowhere.ckpt"}, ["nowhere.ckpt: no such checkpoint"]),
        ({"config": "nowhere.yaml"}, ["nowhere.yaml"]),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    changes: dict[str, Any], parts: list[str], photowave: Run
) -> None:
    assert_refused(photowave("fit", trainer__max_steps=1, **changes), *parts)


@pytest.mark.parametrize("content", [b"seed_everything: 0 # \xf6", "seed_everything: 0".encode("utf-16")])
def test_settings_that_are_no_utf_8_are_refused_in_one_line(
    content: bytes, photowave: Run, tmp_path: Path
) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(content)
    assert_refused(
        photowave("fit", f"--config={path}", tiny=False), "my.yaml", "is no UTF-8", "Save the file"
    )


@pytest.mark.parametrize("name", ["data.batch_size", "model.wavenet.mixtures", "training.learning_rate"])
def test_a_value_that_must_be_there_cannot_be_null(name: str, photowave: Run, tmp_path: Path) -> None:
    *parts, last = name.split(".")
    settings: dict[str, Any] = {last: None}
    for part in reversed(parts):
        settings = {part: settings}
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump(settings))
    assert_refused(photowave("fit", f"--config={path}"), f"{name}=null", "Leave it out")


def test_a_hint_follows_a_closed_sentence(photowave: Run) -> None:
    _, _, err = photowave("fit", model__audio__colour=1)
    assert re.search(r"\S[.!?] See 'photowave fit --help'\.$", err.strip()), err


def test_an_accelerator_that_is_not_there_is_refused(photowave: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (CUDAAccelerator, MPSAccelerator):
        monkeypatch.setattr(kind, "is_available", lambda: False)
    for name in ("gpu", "cuda"):
        result = photowave("fit", trainer__accelerator=name, trainer__max_steps=1)
        assert_refused(result, f"trainer.accelerator={name}: ", "Leave it out or use cpu.")


@pytest.mark.parametrize("text", ["model: [", "model: {audio: {colour: 1}}", "- 1"])
def test_broken_settings_file_is_refused(text: str, photowave: Run) -> None:
    Path("a.yaml").write_text(text)
    assert_refused(photowave("fit", "--config=a.yaml", tiny=False))


def test_log_folder_that_cannot_be_made_is_refused(photowave: Run) -> None:
    Path("runs").write_text("in the way")
    assert_refused(photowave("fit", trainer__max_steps=1), "runs")


def test_manifest_with_bad_files_is_refused(photowave: Run, tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    manifest = write_tiny_scenes(folder)
    (folder / "hiss0.wav").write_bytes(b"")
    (folder / "rumble1.wav").write_text("no sound")
    refused = photowave("fit", data__pairs=manifest, data__strict="true")
    assert_refused(refused, "2 of 6 recordings cannot be used", "hiss0", "rumble1")
    manifest.write_text("photo,sound\n")
    assert_refused(photowave("fit", data__pairs=manifest), "columns missing: scene, split")


def test_training_goes_on_without_bad_files_and_lists_them(photowave: Run, tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    manifest = write_tiny_scenes(folder)
    (folder / "hiss0.wav").write_bytes(b"")
    (folder / "rumble1.png").write_text("no photo")
    with manifest.open("a") as file:
        file.write(",gone.wav,hiss,train\n,hiss0.wav,hiss\n")
    code, out, err = photowave("fit", data__pairs=manifest, trainer__max_steps=1)
    assert (code, err) == (0, "")
    listed = "runs/photowave/version_0/left_out.csv"
    assert f"4 rows cannot be used and left out: {listed} says which and why" in out.splitlines()
    with Path(listed).open(newline="") as file:
        rows = list(csv.DictReader(file))
    lines = manifest.read_text().splitlines()
    found = {lines[int(row["line"]) - 1]: (row["reason"], bool(row["remedy"])) for row in rows}
    assert set(found) == {",hiss0.wav,hiss,train", "rumble1.png,,rumble,train", *lines[-2:]}
    assert all(remedy for _, remedy in found.values())
    assert found[",gone.wav,hiss,train"][0] == "sound 'gone.wav' does not exist"
    assert found[",hiss0.wav,hiss,train"][0].startswith("is empty")


def test_a_split_without_any_usable_row_is_refused(photowave: Run, tmp_path: Path) -> None:
    manifest = write_tiny_scenes(tmp_path)
    for name in ("hiss3", "rumble3"):
        (tmp_path / f"{name}.wav").write_bytes(b"")
    result = photowave("fit", data__pairs=manifest, trainer__max_steps=1)
    assert_refused(result, "2 of 2 recordings cannot be used", "hiss3.wav is empty")


def test_a_resumed_run_says_that_its_rows_are_others(photowave: Run, tmp_path: Path) -> None:
    manifest = write_tiny_scenes(tmp_path)
    assert photowave("fit", data__pairs=manifest, trainer__max_steps=1)[0] == 0
    last = "runs/photowave/version_0/checkpoints/last.ckpt"
    words = "the rows are not those of the checkpoint"
    assert words not in photowave("fit", f"--ckpt_path={last}", data__pairs=manifest, trainer__max_steps=2)[1]
    (tmp_path / "hiss1.wav").unlink()
    code, out, _ = photowave("fit", f"--ckpt_path={last}", data__pairs=manifest, trainer__max_steps=3)
    assert code == 0
    assert f"{words} (6 recordings then, 5 now)" in out


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"trainer__max_steps": 2}, "trainer.max_steps=2 is used up"),
        ({"trainer__max_time": "00:00:00:09"}, "trainer.max_time of 9 s is used up"),
        ({"trainer__max_steps": 9, "trainer__max_epochs": 1}, "nothing was left to train"),
    ],
)
def test_a_training_that_is_over_says_so(limit: dict[str, Any], words: str, photowave: Run) -> None:
    assert photowave("fit", trainer__max_steps=4, trainer__max_time="00:00:10:00")[0] == 0
    last = "runs/photowave/version_0/checkpoints/last.ckpt"
    saved = torch.load(last, weights_only=True)
    saved["callbacks"]["Timer"]["time_elapsed"]["train"] = 10.0
    torch.save(saved, last)
    assert_refused(photowave("fit", f"--ckpt_path={last}", **limit), words, f"photowave export {last}")


def test_a_checkpoint_without_optimiser_says_what_is_missing(photowave: Run) -> None:
    assert photowave("fit", trainer__max_steps=1)[0] == 0
    saved = torch.load("runs/photowave/version_0/checkpoints/last.ckpt", weights_only=True)
    del saved["optimizer_states"], saved["lr_schedulers"]
    torch.save(saved, "bare.ckpt")
    result = photowave("fit", "--ckpt_path=bare.ckpt", trainer__max_steps=2)
    assert_refused(result, "lacks what a training goes on from: optimiser, schedule", "photowave export bare")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trainer__strategy": "ddp_spawn"}, "trainer.strategy=ddp_spawn: "),
        ({"trainer__devices": 99}, "trainer.devices=99: each is a process"),
    ],
)
def test_what_cannot_run_in_parallel_is_refused(changes: dict[str, Any], words: str, photowave: Run) -> None:
    assert_refused(photowave("fit", trainer__max_steps=1, **changes), words, "Use ")


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("trapped",)


@pytest.mark.parametrize("command", ["fit", "validate", "test"])
def test_checkpoint_that_would_run_code_is_refused_unopened(command: str, photowave: Run) -> None:
    torch.save({"state_dict": {}, "photowave": {}, "trap": Trap()}, "evil.ckpt")
    assert_refused(photowave(command, "--ckpt_path=evil.ckpt"), "evil.ckpt cannot be read as a checkpoint")
    assert not Path("trapped").exists()


def test_nothing_is_ever_loaded_with_pickle(
    photowave: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert photowave("fit", trainer__max_steps=2)[0] == 0
    load, seen = torch.load, []

    def spy(*args: Any, weights_only: bool | None = None, **kwargs: Any) -> Any:
        seen.append(weights_only)
        return load(*args, weights_only=weights_only, **kwargs)

    monkeypatch.setattr(torch, "load", spy)
    last = tmp_path / "runs/photowave/version_0/checkpoints/last.ckpt"
    # The flag that Lightning offers must not open the door again.
    assert photowave("fit", f"--ckpt_path={last}", "--weights_only=false", trainer__max_steps=3)[0] == 0
    assert seen
    assert set(seen) == {True}


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04broken", {"state_dict": {}, "epoch": 1}, [1, 2]]
)
def test_damaged_and_foreign_checkpoints_are_refused(content: Any, photowave: Run) -> None:
    path = Path("bad.ckpt")
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    assert_refused(photowave("fit", "--ckpt_path=bad.ckpt"), "bad.ckpt")


def test_checkpoint_of_another_model_is_refused_before_anything_is_read(
    photowave: Run, tmp_path: Path
) -> None:
    assert photowave("fit", trainer__max_steps=1)[0] == 0
    last = tmp_path / "runs/photowave/version_0/checkpoints/last.ckpt"
    result = photowave("fit", f"--ckpt_path={last}", model__wavenet__skip_channels=24)
    assert_refused(result, "wavenet.skip_channels=16 (now 24)")
    assert result[1] == ""


@pytest.mark.parametrize("name", ["envelope.moments.weight", "conditioner.groups"])
def test_checkpoint_that_lacks_tensors_is_refused_by_name(name: str, photowave: Run, tmp_path: Path) -> None:
    changes = {"model__envelope__components": 3}
    assert photowave("fit", trainer__max_steps=1, **changes)[0] == 0
    saved = torch.load("runs/photowave/version_0/checkpoints/last.ckpt", weights_only=True)
    del saved["state_dict"][f"model.{name}"]
    torch.save(saved, "old.ckpt")
    result = photowave("fit", "--ckpt_path=old.ckpt", trainer__max_steps=2, **changes)
    assert_refused(result, f"old.ckpt was written by photowave {__version__}", name)
    assert result[1] == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_with_its_code_and_tells_how_to_go_on(
    number: int, code: int, photowave: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = SoundscapeTask.training_step

    def stop(self: SoundscapeTask, *args: Any) -> Any:
        signal.raise_signal(number)
        return step(self, *args)

    monkeypatch.setattr(SoundscapeTask, "training_step", stop)
    found, _, err = photowave("fit", trainer__max_steps=3)
    last = Path("runs/photowave/version_0/checkpoints/last.ckpt")
    assert found == code
    assert err == f"photowave: stopped by {signal.Signals(number).name}. Go on with --ckpt_path {last}\n"
    assert last.exists()


def test_ctrl_c_before_the_first_step_ends_with_its_code(
    photowave: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: SoundscapeTask, stage: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SoundscapeTask, "setup", stop)
    code, _, err = photowave("fit", trainer__max_steps=3)
    assert (code, err) == (130, "photowave: stopped.\n")


def test_mistakes_of_the_package_are_not_dressed_up(photowave: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: SoundscapeTask, stage: str) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr(SoundscapeTask, "setup", fail)
    with pytest.raises(ValueError, match="a mistake"):
        photowave("fit", trainer__max_steps=1)


def test_bar_is_shown_on_a_terminal_only(photowave: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(fit, "TrainingBar", lambda: made.append(1) or TrainingBar())
    from photowave.training.report import TrainingBar

    assert photowave("fit", trainer__max_steps=1)[0] == 0
    assert made == []
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert photowave("fit", trainer__max_steps=1)[0] == 0
    assert made == [1]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_settings_make_a_model(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[SoundscapeTask] = []
    data: list[PairsDataModule] = []

    def keep(cli: fit.PhotowaveCLI, name: str) -> None:
        made.append(cli.model)
        data.append(cli.datamodule)

    monkeypatch.setattr(fit.PhotowaveCLI, "_run_subcommand", keep)
    assert main(["fit", f"--config={path}"]) == 0
    (task,) = made
    assert isinstance(task.model, PhotowaveModel)
    given = yaml.safe_load(path.read_text())
    for room, settings in given["model"].items():
        for name, value in settings.items():
            found = getattr(getattr(task.config, room), name)
            assert found == (tuple(value) if isinstance(value, list) else value)
    # Python reads the same settings out of it.
    recipe, datamodule = recipes.load(path.stem), data[0]
    assert (recipe.model, recipe.training) == (task.config, task.training_settings)
    assert (recipe.data, recipe.seed) == (datamodule.settings, datamodule.seed)
    assert given["trainer"]["logger"]["init_args"]["name"] == path.stem


def test_all_six_settings_are_there() -> None:
    names = ["bands", "end_to_end", "one_clip", "places", "reference", "scenes"]
    assert [path.stem for path in CONFIGS] == names


@pytest.mark.places
@pytest.mark.slow
def test_the_default_training_runs_on_the_set_of_places(
    places_manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = next(path for path in CONFIGS if path.stem == "scenes")
    few = ["--trainer.max_steps=4", "--data.clips_per_epoch=8", "--data.val_clips=2", "--data.clip_s=0.1"]
    small = ["--model.image.resolution=32", "--model.image.mirror=false"]
    code = main(["fit", f"--config={config}", f"--data.pairs={places_manifest}", *few, *small])
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    assert "step 4 | " in captured.out
    assert Path("runs/scenes/version_0/checkpoints/last.ckpt").exists()
