"""Settings survive the way through JSON, and a wrong one is named with its value."""

import dataclasses
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.errors import ConfigError
from photowave.settings import (
    AudioConfig,
    ConditioningConfig,
    EnvelopeConfig,
    ImageConfig,
    ModelConfig,
    WaveNetConfig,
)

AUDIO = st.builds(
    AudioConfig,
    sample_rate=st.integers(1_000, 192_000),
    rms_dbfs=st.floats(-60, -6),
    bands=st.sampled_from([1, 2, 4, 8, 16, 24, 32]),
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


ENVELOPE = st.builds(
    EnvelopeConfig,
    components=st.integers(0, 100),
    hops=st.integers(1, 64),
    channels=st.integers(1, 500),
    skip_channels=st.integers(1, 500),
    dilations=st.lists(st.integers(1, 2048), min_size=1, max_size=40).map(tuple),
    mixtures=st.integers(1, 50),
)


@settings(deadline=None)
@given(AUDIO, IMAGE, CONDITIONING, ENVELOPE, WAVENET)
def test_json_gives_the_same_settings_back(
    audio: AudioConfig,
    image: ImageConfig,
    conditioning: ConditioningConfig,
    envelope: EnvelopeConfig,
    wavenet: WaveNetConfig,
) -> None:
    if wavenet.output == "softmax":
        audio = dataclasses.replace(audio, bands=1)
    envelope = dataclasses.replace(envelope, components=min(envelope.components, audio.texture_mels))
    config = ModelConfig(
        audio=audio, image=image, conditioning=conditioning, envelope=envelope, wavenet=wavenet
    )
    text = config.to_json()
    again = ModelConfig.from_json(text)
    assert again == config
    assert again.to_json() == text
    assert isinstance(again.wavenet.dilations, tuple)
    assert isinstance(again.envelope.dilations, tuple)


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
    (AudioConfig, {"taps_per_band": 514}),
    (AudioConfig, {"channels": 0}),
    (AudioConfig, {"channels": 3}),
    (WaveNetConfig, {"own_bands": 0}),
    (WaveNetConfig, {"noise_groups": 4_097}),
    (AudioConfig, {"texture_mels": 1_025}),
    (ConditioningConfig, {"channels": 4_097}),
    (ConditioningConfig, {"codebook_size": 65_537}),
    (ConditioningConfig, {"sharpness": 1000.5}),
    (ConditioningConfig, {"sharpness": float("inf")}),
    (ConditioningConfig, {"sharpness": float("nan")}),
    (WaveNetConfig, {"residual_channels": 4_097}),
    (WaveNetConfig, {"gate_channels": 4_097}),
    (WaveNetConfig, {"skip_channels": 4_097}),
    (WaveNetConfig, {"mixtures": 257}),
    (WaveNetConfig, {"contrast": 4.5}),
    (ConditioningConfig, {"knot_rates": ()}),
    (ConditioningConfig, {"knot_rates": (0, 4)}),
    (ConditioningConfig, {"knot_rates": (4, 1004)}),
    (ConditioningConfig, {"knot_rates": (4, 6)}),
    (ConditioningConfig, {"longest_s": 0.0}),
    (ConditioningConfig, {"longest_s": 601.0}),
    (EnvelopeConfig, {"components": -1}),
    (EnvelopeConfig, {"components": 1_025}),
    (EnvelopeConfig, {"kind": "made"}),
    (EnvelopeConfig, {"kept_s": 0.25}),
    (EnvelopeConfig, {"kept_s": 601.5}),
    (EnvelopeConfig, {"regions": -1}),
    (EnvelopeConfig, {"regions": 1_025}),
    (EnvelopeConfig, {"hops": 0}),
    (EnvelopeConfig, {"hops": 65}),
    (EnvelopeConfig, {"channels": 0}),
    (EnvelopeConfig, {"channels": 4_097}),
    (EnvelopeConfig, {"skip_channels": 0}),
    (EnvelopeConfig, {"skip_channels": 4_097}),
    (EnvelopeConfig, {"dilations": ()}),
    (EnvelopeConfig, {"dilations": (1, 0)}),
    (EnvelopeConfig, {"mixtures": 0}),
    (EnvelopeConfig, {"mixtures": 257}),
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


@pytest.mark.parametrize("bands", [-2, 0, 3, 12, 33, 63])
def test_numbers_of_bands_that_can_be_had_are_named(bands: int) -> None:
    with pytest.raises(ConfigError) as caught:
        AudioConfig(bands=bands)
    assert str(caught.value) == (
        f"bands={bands}: must be 1, 2, 4, 8, 16, 24 or 32, or for many narrow ones 64, 128, 256, 512 or 1024."
        " Use 1 for raw samples."
    )


def test_every_number_with_a_bound_is_tried_above() -> None:
    free = {"encoder", "weights", "mirror", "colours", "places"}
    parts = [type(getattr(ModelConfig(), field.name)) for field in dataclasses.fields(ModelConfig)]
    names = {(part, field.name) for part in parts for field in dataclasses.fields(part)}
    tried = {(part, name) for part, wrong in WRONG for name in wrong}
    assert {(part, name) for part, name in names if name not in free} == tried


def test_softmax_takes_single_samples_only() -> None:
    with pytest.raises(ConfigError, match="bands=4"):
        ModelConfig(audio=AudioConfig(bands=4), wavenet=WaveNetConfig(output="softmax"))
    assert ModelConfig(audio=AudioConfig(bands=4), wavenet=WaveNetConfig(output="mixture"))


@pytest.mark.parametrize("wrong", [wrong for part, wrong in WRONG if part is EnvelopeConfig], ids=str)
def test_a_wrong_value_of_the_envelope_is_told_from_one_of_the_decoder(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        EnvelopeConfig(**wrong)
    ((name, value),) = wrong.items()
    message = str(caught.value)
    assert message.startswith(f"envelope {name}={value!r}: ")
    default = next(field.default for field in dataclasses.fields(EnvelopeConfig) if field.name == name)
    if "default is" in message:
        assert message.endswith(f"The default is {default}.")


def test_an_envelope_has_no_more_components_than_there_are_bands() -> None:
    audio = AudioConfig(texture_mels=12)
    assert ModelConfig(audio=audio, envelope=EnvelopeConfig(components=12))
    with pytest.raises(ConfigError, match="envelope components=13: there are 12 mel bands"):
        ModelConfig(audio=audio, envelope=EnvelopeConfig(components=13))


def test_a_learned_track_takes_no_envelope() -> None:
    position = ConditioningConfig(kind="position")
    assert ModelConfig(conditioning=position)
    with pytest.raises(ConfigError, match=r"'position' .* needs no envelope.*envelope\.components: 0"):
        ModelConfig(conditioning=position, envelope=EnvelopeConfig(components=4))
    for kind in ("texture", "photo"):
        conditioning = ConditioningConfig(kind=kind)
        assert ModelConfig(conditioning=conditioning, envelope=EnvelopeConfig(components=4))


def test_no_envelope_is_the_default() -> None:
    assert ModelConfig().envelope.components == 0


@settings(deadline=None)
@given(ENVELOPE)
def test_the_envelope_has_a_mixture_wavenet_of_its_settings(envelope: EnvelopeConfig) -> None:
    assert envelope.wavenet == WaveNetConfig(
        residual_channels=envelope.channels,
        gate_channels=envelope.channels,
        skip_channels=envelope.skip_channels,
        dilations=envelope.dilations,
        output="mixture",
        mixtures=envelope.mixtures,
    )


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
        changed(envelope={"components": 4, "speed": 3}),
        changed(envelope=None),
        changed(more={}),
    ],
)
def test_foreign_json_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        ModelConfig.from_json(text)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("audio", "sample_rate", 16000.0),
        ("audio", "sample_rate", True),
        ("audio", "rms_dbfs", "-20"),
        ("audio", "rms_dbfs", float("-inf")),
        ("image", "mirror", 1),
        ("image", "encoder", None),
        ("image", "weights", 3),
        ("conditioning", "kind", ["texture"]),
        ("conditioning", "sharpness", float("nan")),
        ("conditioning", "sharpness", 10**400),
        ("wavenet", "dilations", "12"),
        ("wavenet", "dilations", [1, True]),
        ("wavenet", "dilations", [1, 2.0]),
        ("envelope", "components", 4.0),
        ("envelope", "components", True),
        ("envelope", "hops", "4"),
        ("envelope", "mixtures", None),
        ("envelope", "dilations", 4),
        ("envelope", "dilations", [1, 2.0]),
    ],
)
def test_a_value_of_another_type_in_json_is_named(part: str, name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"cannot be read: {part}\.{name}=.*: must be ") as caught:
        ModelConfig.from_json(changed(**{part: {name: value}}))
    assert len(str(caught.value)) < 200


def test_settings_without_one_part_are_refused_by_its_name() -> None:
    tree = json.loads(ModelConfig().to_json())
    assert set(tree) == {"audio", "image", "conditioning", "envelope", "wavenet"}
    for part in tree:
        rest = {name: values for name, values in tree.items() if name != part}
        with pytest.raises(ConfigError, match=f"cannot be read: '{part}'.*another version"):
            ModelConfig.from_json(json.dumps(rest))


def test_parts_that_do_not_fit_together_are_refused_in_json_too() -> None:
    many = changed(audio={"texture_mels": 8}, envelope={"components": 9})
    with pytest.raises(ConfigError, match="envelope components=9: there are 8 mel bands"):
        ModelConfig.from_json(many)
    both = changed(conditioning={"kind": "position"}, envelope={"components": 4})
    with pytest.raises(ConfigError, match="needs no envelope"):
        ModelConfig.from_json(both)


def test_whole_numbers_in_json_serve_as_floats() -> None:
    read = ModelConfig.from_json(changed(conditioning={"sharpness": 3}))
    assert isinstance(read.conditioning.sharpness, float)
    assert read.conditioning.sharpness == 3.0


def test_number_and_sum_of_dilations_are_bounded() -> None:
    assert WaveNetConfig(dilations=(1,) * 1000)
    assert WaveNetConfig(dilations=(2**20,))
    with pytest.raises(ConfigError, match="dilations has 1001 layers: at most 1000"):
        WaveNetConfig(dilations=(1,) * 1001)
    with pytest.raises(ConfigError, match="dilations add up to 1048577: at most 1048576 can be used"):
        WaveNetConfig(dilations=(2**20, 1))


def test_a_value_out_of_range_in_json_is_named_too() -> None:
    with pytest.raises(ConfigError, match="sample_rate=5"):
        ModelConfig.from_json(changed(audio={"sample_rate": 5}))


def test_derived_numbers() -> None:
    audio = AudioConfig(sample_rate=32_000, bands=8, texture_mels=10)
    assert audio.frame_rate == 4_000
    assert audio.texture_channels == 20


def test_settings_are_read_without_torch() -> None:
    code = "import sys, photowave.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_powers_are_held_only_where_frames_are_spectral_and_envelopes_are_kept() -> None:
    with pytest.raises(ConfigError, match="Set kind: kept, or regions: 0"):
        EnvelopeConfig(components=4, regions=8)
    kept = EnvelopeConfig(kind="kept", components=4, regions=8)
    with pytest.raises(ConfigError, match="regions=8 with output='softmax' and components=4"):
        ModelConfig(conditioning=ConditioningConfig(kind="texture"), envelope=kept)
    with pytest.raises(ConfigError, match="components=0"):
        ModelConfig(
            conditioning=ConditioningConfig(kind="texture"), envelope=EnvelopeConfig(kind="kept", regions=8)
        )
