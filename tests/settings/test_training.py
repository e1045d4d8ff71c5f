"""A wrong setting of the training is named with its value, its rule and a remedy, in one line."""

import math
from typing import Any

import pytest

from photowave.errors import ConfigError
from photowave.settings import AverageSettings, CheckpointSettings, PreviewSettings, TrainingSettings

NAN, INF = math.nan, math.inf
WRONG = [
    (TrainingSettings, "learning_rate", (0, 1.0, NAN), "must lie between 0 and 1, such as 2e-3."),
    (TrainingSettings, "decay_share", (-0.1, 2, NAN), "must lie between 0 and 1. The default is 0.5."),
    (TrainingSettings, "warmup_steps", (-1,), "must be 0 or more. The default is 100."),
    (TrainingSettings, "history_noise", (-0.1, INF, NAN), "must be 0 or more and finite. The default is 0."),
    (TrainingSettings, "history_gain", (-0.1, 2.1, NAN), "must lie in 0 to 2 nepers. A mild one is 0.4."),
    (
        TrainingSettings,
        "dither_dbfs",
        (-121, 0, NAN),
        "must lie in -120 to -30 dBFS, or be null. Common: -70.",
    ),
    (
        TrainingSettings,
        "envelope_noise",
        (-0.1, INF, NAN),
        "must be 0 or more and finite. The default is 0.5.",
    ),
    (
        TrainingSettings,
        "envelope_shift",
        (-0.1, INF, NAN),
        "must be 0 or more and finite. The default is 0.5.",
    ),
    (
        TrainingSettings,
        "envelope_share",
        (0.0, -0.1, 1.1, NAN),
        "must be above 0 and at most 1. The default is 0.25.",
    ),
    (
        TrainingSettings,
        "prior_penalty",
        (0, -1e-3, INF, NAN),
        "must be above 0 and finite. The default is 1e-3.",
    ),
    (AverageSettings, "decay", (-0.1, 1.0, NAN), "must lie in [0, 1). The default is 0.999."),
    (PreviewSettings, "every_n_epochs", (-1,), "must be 0 or more. 0 draws none."),
    (PreviewSettings, "photos", (0,), "must be at least 1. The default is 4."),
    (CheckpointSettings, "every_minutes", (-1, NAN), "must be 0 or more. Drop the minus."),
]
"""Settings, which one, wrong values of it, and what is said after the value."""


@pytest.mark.parametrize(
    ("kind", "name", "value", "rule"),
    [(kind, name, value, rule) for kind, name, values, rule in WRONG for value in values],
)
def test_a_wrong_value_is_named_in_one_line(kind: type, name: str, value: float, rule: str) -> None:
    with pytest.raises(ConfigError) as caught:
        kind(**{name: value})
    assert str(caught.value) == f"{name}={value}: {rule}"


@pytest.mark.parametrize("value", [0.0, -1.0, 60.5, NAN])
def test_previews_last_a_minute_at_most(value: float) -> None:
    with pytest.raises(ConfigError) as caught:
        PreviewSettings(duration_s=value)
    assert str(caught.value) == (
        f"duration_s={value:g}: must be above 0 and at most 60 seconds. The default is 3."
    )


def test_an_unknown_precision_of_matrix_products_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        TrainingSettings(matmul_precision="low")  # type: ignore[arg-type]
    assert str(caught.value) == "matmul_precision='low': must be 'highest', 'high' or 'medium'."


@pytest.mark.parametrize(("kind", "name", "rule"), [(kind, name, rule) for kind, name, _, rule in WRONG])
def test_the_default_that_a_message_names_is_the_default(kind: type, name: str, rule: str) -> None:
    _, named, default = rule.partition("The default is ")
    if named:
        assert getattr(kind(), name) == float(default.removesuffix("."))


@pytest.mark.parametrize(
    ("kind", "edges"),
    [
        (
            TrainingSettings,
            {"decay_share": 0.0, "warmup_steps": 0, "history_gain": 2.0, "dither_dbfs": -120.0},
        ),
        (TrainingSettings, {"decay_share": 1.0, "envelope_share": 1.0, "dither_dbfs": -30.0}),
        (AverageSettings, {"decay": 0.0}),
        (PreviewSettings, {"every_n_epochs": 0, "photos": 1, "duration_s": 60.0}),
        (CheckpointSettings, {"every_minutes": 0.0}),
    ],
)
def test_values_at_the_edge_are_taken(kind: type, edges: dict[str, Any]) -> None:
    built = kind(**edges)
    assert {name: getattr(built, name) for name in edges} == edges
