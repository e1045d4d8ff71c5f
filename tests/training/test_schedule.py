"""How far a training has come, and the factor on its learning rate."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightning.pytorch.callbacks import Timer

from photowave.training.schedule import factor, progress

shares = st.floats(0.0, 1.0)


@settings(deadline=None)
@given(st.integers(0, 10_000), shares, st.integers(0, 1000), shares)
def test_factor_stays_above_nothing_and_at_most_one(
    step: int, done: float, warmup: int, decay: float
) -> None:
    assert 0.0 < factor(step, done, warmup_steps=warmup, decay_share=decay) <= 1.0


@settings(deadline=None)
@given(shares, st.integers(1, 1000))
def test_warmup_rises_in_a_line_to_one(decay: float, warmup: int) -> None:
    values = [factor(step, 0.0, warmup_steps=warmup, decay_share=decay) for step in range(warmup + 2)]
    assert values[:warmup] == pytest.approx([(step + 1) / warmup for step in range(warmup)])
    assert values[warmup:] == [1.0, 1.0]


@settings(deadline=None)
@given(shares, st.floats(0.0, 0.1), st.floats(0.05, 1.0))
def test_decay_is_continuous_and_never_rises(done: float, more: float, decay: float) -> None:
    later = min(done + more, 1.0)
    before, after = (factor(99, d, warmup_steps=0, decay_share=decay) for d in (done, later))
    steepest = 0.95 * 0.5 * math.pi / decay
    assert -1e-12 <= before - after <= steepest * (later - done) + 1e-12


def test_decay_ends_at_a_twentieth() -> None:
    assert factor(99, 1.0, warmup_steps=0, decay_share=0.5) == pytest.approx(0.05)
    assert factor(99, 0.5, warmup_steps=0, decay_share=0.5) == 1.0


def fake_trainer(**values: object) -> SimpleNamespace:
    plain = {"max_steps": -1, "max_epochs": None, "num_training_batches": math.inf, "global_step": 0}
    return SimpleNamespace(**{**plain, "accumulate_grad_batches": 1, "callbacks": [], **values})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"max_steps": 200, "global_step": 50}, 0.25),
        ({"max_steps": 200, "global_step": 400}, 1.0),
        ({"max_epochs": 4, "num_training_batches": 10, "global_step": 10}, 0.25),
        (
            {"max_epochs": 4, "num_training_batches": 10, "accumulate_grad_batches": 2, "global_step": 10},
            0.5,
        ),
        ({"max_epochs": 4, "global_step": 10}, 0.0),
        ({"max_steps": 100, "max_epochs": 4, "num_training_batches": 10, "global_step": 20}, 0.5),
        ({"max_epochs": -1, "num_training_batches": 10, "global_step": 10}, 0.0),
    ],
)
def test_progress_follows_the_nearest_limit(values: dict[str, object], expected: float) -> None:
    assert progress(fake_trainer(**values)) == pytest.approx(expected)  # type: ignore[arg-type]


def test_progress_follows_the_clock() -> None:
    timer = Timer(duration={"seconds": 100})
    timer.load_state_dict({"time_elapsed": {"train": 30.0}})
    assert progress(fake_trainer(callbacks=[timer])) == pytest.approx(0.3)  # type: ignore[arg-type]
