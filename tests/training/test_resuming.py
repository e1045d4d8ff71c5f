"""A run that was stopped anywhere goes on as if it had not been."""

import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.loggers.logger import Logger
from tiny_scenes import tiny_config
from torch import Tensor

from photowave import __version__
from photowave.checkpoint import checkpoint_metadata, load_training_checkpoint
from photowave.errors import CheckpointError
from photowave.model import PhotowaveModel
from photowave.settings import AverageSettings, CheckpointSettings, ModelConfig
from photowave.training.averaging import MovingAverage
from photowave.training.checkpoints import RunCheckpoints, TrainingStopped
from photowave.training.resuming import ModelIdentity, check_same_model

NEVER = 1e9
"""Minutes between two states that are saved by the clock."""


class KilledError(Exception):
    """Stands for a process that is killed: nothing may be saved on the way out."""


class Diary(L.Callback):
    """Keeps everything that must be the same; can kill the run or send it signals before a step."""

    def __init__(self, kill_before: int | None = None, signals: tuple[int, ...] = (), signals_at: int = 5):
        self.rows: list[tuple[Any, ...]] = []
        self.kill_before, self.signals, self.signals_at = kill_before, signals, signals_at

    def on_train_batch_start(self, trainer: Any, *args: Any) -> None:
        if trainer.global_step == self.kill_before:
            raise KilledError
        if trainer.global_step == self.signals_at:
            for number in self.signals:
                signal.raise_signal(number)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, index: int) -> None:
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        self.rows.append((trainer.global_step, trainer.current_epoch, index, float(outputs["loss"]), rate))

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        scores = {name: float(v) for name, v in trainer.callback_metrics.items() if name.startswith("val/")}
        self.rows.append(("val", trainer.global_step, trainer.current_epoch, scores))

    def before(self, step: int) -> list[tuple[Any, ...]]:
        """The rows up to a step."""
        return [row for row in self.rows if (row[1] if row[0] == "val" else row[0]) <= step]


class Notes(Logger):
    """Keeps what is logged, and at which step."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int | None, dict[str, float]]] = []

    @property
    def name(self) -> str:
        return "notes"

    @property
    def version(self) -> int:
        return 0

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.found.append((step, dict(metrics)))

    def log_hyperparams(self, *args: Any) -> None:
        """There are none."""


class Run:
    """One training, from the start or from a checkpoint."""

    def __init__(self, tools: Any, folder: Path, *, every_minutes: float = NEVER, **diary: Any):
        self.make_training, self.make_trainer = tools
        self.diary, self.notes = Diary(**diary), Notes()
        self.checkpoints = RunCheckpoints(
            CheckpointSettings(every_minutes=every_minutes, dirpath=str(folder))
        )

    def fit(
        self, max_steps: int, *, resume: bool = False, level: bool = False, data: Any = None, **trainer: Any
    ) -> "Run":
        self.task, pairs = self.make_training(
            history_noise=0.1, data=data, **({"decay_share": 0.0} if level else {})
        )
        self.trainer = self.make_trainer(
            max_steps=max_steps,
            callbacks=[MovingAverage(AverageSettings(decay=0.9)), self.diary, self.checkpoints],
            **{"enable_checkpointing": True, "logger": self.notes, "log_every_n_steps": 1, **trainer},
        )
        path = Path(str(self.checkpoints.dirpath)) / "last.ckpt" if resume else None
        self.trainer.fit(self.task, datamodule=pairs, ckpt_path=path, weights_only=True)
        return self

    @property
    def weights(self) -> dict[str, Tensor]:
        return self.task.state_dict()


def assert_same(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    assert left.keys() == right.keys()
    for name in left:
        assert torch.equal(left[name], right[name]), name


@pytest.fixture
def tools(make_training: Any, make_trainer: Any) -> tuple[Any, Any]:
    """What a run needs."""
    return make_training, make_trainer


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Leave the signal handlers as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("kill_before", "every_minutes", "resumes_after"),
    [
        (6, 0.0, 6),  # inside an epoch, the last state is that of the step before
        (7, NEVER, 4),  # inside an epoch, the last state is the end of the one before
        (8, 0.0, 8),  # at the start of an epoch
        (9, 0.0, 9),  # after its first step
    ],
)
@pytest.mark.parametrize("workers", [0, 1])
def test_killed_run_goes_on_bit_by_bit(
    kill_before: int, every_minutes: float, resumes_after: int, workers: int, tools: Any, tmp_path: Path
) -> None:
    data = {"workers": workers}
    whole = Run(tools, tmp_path / "whole").fit(14)
    killed = Run(tools, tmp_path / "cut", every_minutes=every_minutes, kill_before=kill_before)
    with pytest.raises(KilledError):
        killed.fit(14, data=data)
    rest = Run(tools, tmp_path / "cut").fit(14, data=data, resume=True)
    assert whole.diary.before(resumes_after) + rest.diary.rows == whole.diary.rows
    assert rest.notes.found
    assert whole.notes.found[-len(rest.notes.found) :] == rest.notes.found
    assert_same(whole.weights, rest.weights)


@pytest.mark.parametrize("stop", [3, 8])
def test_finished_run_can_be_extended(stop: int, tools: Any, tmp_path: Path) -> None:
    # The learning rate stays level, since its fall depends on where the end is.
    level = {"level": True}
    whole = Run(tools, tmp_path / "whole").fit(10, **level)
    short = Run(tools, tmp_path / "cut").fit(stop, **level)
    assert short.trainer.global_step == stop
    assert short.diary.rows[-1][:2] == ("val", stop)
    rest = Run(tools, tmp_path / "cut").fit(10, resume=True, **level)
    assert whole.diary.before(stop) + rest.diary.rows == whole.diary.rows
    assert_same(whole.weights, rest.weights)


def test_summed_gradients_are_not_lost(tools: Any, tmp_path: Path) -> None:
    summed = {"accumulate_grad_batches": 3}
    whole = Run(tools, tmp_path / "whole").fit(5, **summed)
    killed = Run(tools, tmp_path / "cut", every_minutes=0.0, kill_before=3)
    with pytest.raises(KilledError):
        killed.fit(5, **summed)
    rest = Run(tools, tmp_path / "cut").fit(5, resume=True, **summed)
    assert whole.diary.rows[-len(rest.diary.rows) :] == rest.diary.rows
    assert_same(whole.weights, rest.weights)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_after_the_step_and_saves(number: int, tools: Any, tmp_path: Path) -> None:
    whole = Run(tools, tmp_path / "whole").fit(14)
    stopped = Run(tools, tmp_path / "cut", signals=(number,))
    before = signal.getsignal(number)
    with pytest.raises(TrainingStopped) as caught:
        stopped.fit(14)
    assert (caught.value.number, caught.value.path) == (number, tmp_path / "cut" / "last.ckpt")
    assert stopped.trainer.global_step == 6
    assert signal.getsignal(number) == before
    rest = Run(tools, tmp_path / "cut").fit(14, resume=True)
    assert stopped.diary.rows + rest.diary.rows == whole.diary.rows
    assert_same(whole.weights, rest.weights)


def test_signal_in_the_last_step_of_an_epoch_waits_for_validation(tools: Any, tmp_path: Path) -> None:
    whole = Run(tools, tmp_path / "whole").fit(14)
    stopped = Run(tools, tmp_path / "cut", signals=(signal.SIGTERM,), signals_at=7)
    with pytest.raises(TrainingStopped):
        stopped.fit(14)
    assert stopped.diary.rows[-1][:2] == ("val", 8)
    rest = Run(tools, tmp_path / "cut").fit(14, resume=True)
    assert stopped.diary.rows + rest.diary.rows == whole.diary.rows


def test_second_signal_stops_at_once(tools: Any, tmp_path: Path) -> None:
    run = Run(tools, tmp_path, signals=(signal.SIGINT, signal.SIGINT))
    with pytest.raises(SystemExit):
        run.fit(14)
    assert run.trainer.global_step == 5


def test_time_limit_leaves_a_state_inside_the_epoch(tools: Any, tmp_path: Path) -> None:
    data = {"clips_per_epoch": 20_000}
    run = Run(tools, tmp_path).fit(-1, data=data, max_time={"seconds": 1})
    saved = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert saved["global_step"] == run.trainer.global_step < 10_000
    assert saved["loops"]["fit_loop"]["epoch_progress"]["total"]["processed"] == 0
    assert run.diary.rows[-1][0] == "val"


def test_best_and_last_hold_averaged_and_trained_weights(tools: Any, tmp_path: Path) -> None:
    run = Run(tools, tmp_path).fit(8)
    scores = [row[3]["val/bits_per_sample"] for row in run.diary.rows if row[0] == "val"]
    best, last = (torch.load(tmp_path / name, weights_only=True) for name in ("best.ckpt", "last.ckpt"))
    assert best["global_step"] == 4 * (1 + scores.index(min(scores)))
    assert_same(last["state_dict"], run.weights)
    assert last["current_model_state"].keys() == last["state_dict"].keys()
    name = "model.wavenet.project.weight"
    assert not torch.equal(last["current_model_state"][name], last["state_dict"][name])


def test_dry_run_leaves_no_files(tools: Any, tmp_path: Path) -> None:
    Run(tools, tmp_path / "none", every_minutes=0.0).fit(8, fast_dev_run=True)
    assert not (tmp_path / "none").exists()


def test_resume_with_another_model_names_what_differs(tools: Any, tmp_path: Path) -> None:
    Run(tools, tmp_path).fit(1)
    make_training, make_trainer = tools
    task, data = make_training(tiny_config(skip_channels=24))
    given = {"ckpt_path": tmp_path / "last.ckpt", "weights_only": True}
    with pytest.raises(CheckpointError, match=r"wavenet.skip_channels=16 \(now 24\)\. Give the same ones"):
        make_trainer(max_steps=2).fit(task, datamodule=data, **given)


@pytest.mark.parametrize(
    ("written_by", "named"),
    [
        ({"format": "checkpoint-1", "package_version": "0.0.1"}, "0.0.1, format 'checkpoint-1'"),
        ({"format": "checkpoint-99", "package_version": "9.9"}, "9.9, format 'checkpoint-99'"),
        ({}, "an early one, format 'none'"),
    ],
)
def test_checkpoint_of_another_version_is_refused_in_one_line_that_names_it(
    written_by: dict[str, str], named: str, tools: Any, tmp_path: Path
) -> None:
    make_training, make_trainer = tools
    diary, other = Diary(), tmp_path / "other.ckpt"

    def train(path: Path | None, *, max_steps: int = 2, **trainer: Any) -> None:
        task, data = make_training(tiny_config(components=3))
        make_trainer(max_steps=max_steps, **trainer).fit(
            task, datamodule=data, ckpt_path=path, weights_only=True
        )

    keep = RunCheckpoints(CheckpointSettings(every_minutes=NEVER, dirpath=str(tmp_path)))
    train(None, max_steps=1, callbacks=[keep], enable_checkpointing=True)
    # As it is, it can be taken up and read.
    train(tmp_path / "last.ckpt")
    load_training_checkpoint(tmp_path / "last.ckpt")
    saved = torch.load(tmp_path / "last.ckpt", weights_only=True)
    for name in ("format", "package_version"):
        del saved["photowave"][name]
    saved["photowave"] |= written_by
    torch.save(saved, other)
    for path, read in (
        ("the checkpoint", partial(train, callbacks=[diary])),
        (other, load_training_checkpoint),
    ):
        with pytest.raises(CheckpointError) as caught:
            read(other)
        assert str(caught.value) == (
            f"{path} was written by another version of photowave ({named}); version {__version__} reads "
            "'photowave-checkpoint-2'. Use that version, or train again."
        )
    assert diary.rows == []


@pytest.mark.parametrize("config", [tiny_config(), tiny_config("photo"), tiny_config("photo", components=3)])
def test_a_model_without_targets_of_free_runs_takes_up_its_own_checkpoint(
    config: ModelConfig, tools: Any
) -> None:
    task, _ = tools[0](config)
    checkpoint: dict[str, Any] = {"state_dict": dict(task.state_dict())}
    task.on_save_checkpoint(checkpoint)
    assert checkpoint["photowave"]["free_run"] is None
    again, _ = tools[0](config, stage=None)
    again.on_load_checkpoint(checkpoint)
    second: dict[str, Any] = {}
    again.on_save_checkpoint(second)
    assert second["photowave"] == checkpoint["photowave"]


def identity(fingerprint: str = "a", **changes: Any) -> ModelIdentity:
    return ModelIdentity(config=tiny_config(**changes), encoder_fingerprint=fingerprint)


def test_identity_survives_the_checkpoint() -> None:
    here = identity()
    model = PhotowaveModel(here.config, feature_dim=7)
    saved = checkpoint_metadata(model, encoder_fingerprint="a", free_run=None)
    again = ModelIdentity.from_checkpoint(saved)
    assert again == here
    check_same_model(again, here)


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        (None, "names no photowave model"),
        ("text", "names no photowave model"),
        ({}, "another version of photowave .*format 'none'"),
        ({"config": ModelConfig().to_json()}, "another version of photowave .*format 'none'"),
    ],
)
def test_identity_of_a_foreign_checkpoint_is_refused(saved: Any, words: str) -> None:
    with pytest.raises(CheckpointError, match=f"^the checkpoint .*{words}"):
        ModelIdentity.from_checkpoint(saved)


def test_all_settings_that_differ_are_named() -> None:
    other = identity(skip_channels=7, gate_channels=5)
    with pytest.raises(CheckpointError, match=r"gate_channels=5 \(now 8\), wavenet.skip_channels=7 \(now 16"):
        check_same_model(other, identity())


def test_another_photo_encoder_is_refused() -> None:
    with pytest.raises(CheckpointError, match="other weights of the photo encoder efficientnet_lite0"):
        check_same_model(identity("b"), identity())


def test_another_thread_may_train(tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals can be watched from the main thread only; elsewhere training goes without."""
    monkeypatch.setattr("photowave.training.checkpoints.threading.main_thread", lambda: None)
    before = signal.getsignal(signal.SIGINT)
    seen: list[Callable[..., Any] | int | None] = []
    run = Run(tools, tmp_path)
    run.diary.on_train_batch_start = lambda *a: seen.append(signal.getsignal(signal.SIGINT))  # type: ignore[method-assign,assignment]
    run.fit(1)
    assert seen == [before]
