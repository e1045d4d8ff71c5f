"""Settings survive the way through JSON, and a wrong one is named with its value."""

import dataclasses
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.config import AudioConfig, ConditioningConfig, ImageConfig, ModelConfig, WaveNetConfig
from photowave.errors import ConfigError

AUDIO = st.builds(
    AudioConfig,
    sample_rate=st.integers(1_000, 192_000),
    rms_dbfs=st.floats(-60, -6),
    bands=st.sampled_from([1, 2, 4, 8, 16]),
    taps_per_band=st.integers(4, 20).map(lambda half: 2 * half),
    texture_mels=st.integers(4, 100),
)
IMAGE = st.builds(
    ImageConfig,
    encoder=st.text(),
    weights=st.none() | st.text(),
    resolution=st.integers(32, 2048),
    mirror=st.booleans(),
)
CONDITIONING = st.builds(
    ConditioningConfig,
    kind=st.sampled_from(["texture", "photo"]),
    channels=st.integers(1, 500),
    dropout=st.floats(0, 1, exclude_max=True),
    codebook_size=st.integers(1, 500),
    sharpness=st.floats(0, 100, exclude_min=True),
)
WAVENET = st.builds(
    WaveNetConfig,
    residual_channels=st.integers(1, 500),
    gate_channels=st.integers(1, 500),
    skip_channels=st.integers(1, 500),
    dilations=st.lists(st.integers(1, 2048), min_size=1, max_size=40).map(tuple),
    output=st.sampled_from(["softmax", "mixture"]),
    quantization_levels=st.integers(2, 65_536),
    mixtures=st.integers(1, 50),
)


@settings(deadline=None)
@given(AUDIO, IMAGE, CONDITIONING, WAVENET)
def test_json_gives_the_same_settings_back(
    audio: AudioConfig, image: ImageConfig, conditioning: ConditioningConfig, wavenet: WaveNetConfig
) -> None:
    if wavenet.output == "softmax":
        audio = dataclasses.replace(audio, bands=1)
    config = ModelConfig(audio=audio, image=image, conditioning=conditioning, wavenet=wavenet)
    text = config.to_json()
    again = ModelConfig.from_json(text)
    assert again == config
    assert again.to_json() == text
    assert isinstance(again.wavenet.dilations, tuple)


WRONG: list[tuple[type, dict[str, Any]]] = [
    (AudioConfig, {"sample_rate": 999}),
    (AudioConfig, {"sample_rate": 192_001}),
    (AudioConfig, {"rms_dbfs": -61.5}),
    (AudioConfig, {"rms_dbfs": float("nan")}),
    (AudioConfig, {"bands": 3}),
    (AudioConfig, {"taps_per_band": 6}),
    (AudioConfig, {"taps_per_band": 9}),
    (AudioConfig, {"texture_mels": 3}),
    (ImageConfig, {"resolution": 31}),
    (ImageConfig, {"resolution": 2_049}),
    (ConditioningConfig, {"kind": "both"}),
    (ConditioningConfig, {"channels": 0}),
    (ConditioningConfig, {"dropout": 1.0}),
    (ConditioningConfig, {"dropout": -0.5}),
    (ConditioningConfig, {"codebook_size": 0}),
    (ConditioningConfig, {"sharpness": 0.0}),
    (WaveNetConfig, {"residual_channels": 0}),
    (WaveNetConfig, {"gate_channels": -1}),
    (WaveNetConfig, {"skip_channels": 0}),
    (WaveNetConfig, {"mixtures": 0}),
    (WaveNetConfig, {"dilations": ()}),
    (WaveNetConfig, {"dilations": (1, 0)}),
    (WaveNetConfig, {"output": "gaussian"}),
    (WaveNetConfig, {"quantization_levels": 1}),
    (WaveNetConfig, {"quantization_levels": 65_537}),
]


@pytest.mark.parametrize(("part", "wrong"), WRONG, ids=str)
def test_a_wrong_value_is_named_in_one_line(part: type, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        part(**wrong)
    ((name, value),) = wrong.items()
    message = str(caught.value)
    assert f"{name}={value!r}" in message
    assert "must" in message
    assert "\n" not in message


def test_every_number_with_a_bound_is_tried_above() -> None:
    free = {"encoder", "weights", "mirror"}
    names = {field.name for part, _ in WRONG for field in dataclasses.fields(part)}
    assert names - free == {name for _, wrong in WRONG for name in wrong}


def test_softmax_takes_single_samples_only() -> None:
    with pytest.raises(ConfigError, match="bands=4"):
        ModelConfig(audio=AudioConfig(bands=4), wavenet=WaveNetConfig(output="softmax"))
    assert ModelConfig(audio=AudioConfig(bands=4), wavenet=WaveNetConfig(output="mixture"))


def changed(**parts: Any) -> str:
    return json.dumps(json.loads(ModelConfig().to_json()) | parts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "3",
        "null",
        "{}",
        changed(audio={"sample_rate": 8_000, "speed": 3}),
        changed(audio={"sample_rate": "fast"}),
        changed(audio={"bands": None, "sample_rate": [1]}),
        changed(audio=4),
        changed(wavenet={"dilations": 5}),
        changed(more={}),
    ],
)
def test_foreign_json_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        ModelConfig.from_json(text)


def test_a_value_out_of_range_in_json_is_named_too() -> None:
    with pytest.raises(ConfigError, match="sample_rate=5"):
        ModelConfig.from_json(changed(audio={"sample_rate": 5}))


def test_derived_numbers() -> None:
    audio = AudioConfig(sample_rate=32_000, bands=8, texture_mels=10)
    assert audio.frame_rate == 4_000
    assert audio.texture_channels == 20
    assert WaveNetConfig(dilations=(1, 2, 4)).receptive_field == 9


def test_settings_are_read_without_torch() -> None:
    code = "import sys, photowave.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
