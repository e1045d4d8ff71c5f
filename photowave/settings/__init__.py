"""Every setting, as dataclasses: command line, YAML files and Python take them from here. No torch here.

What ends in `Config` makes a model and is saved with it; what ends in `Settings` is chosen for one run. Every
number is written once; what follows from others is a property. The texts below the fields become the help
texts of the command line.
"""

from photowave.settings.commands import (
    BenchSettings,
    CheckSettings,
    EvaluateSettings,
    OverfitSettings,
    check_judged_length,
)
from photowave.settings.data import DataSettings, SplitSettings
from photowave.settings.drawing import DrawSettings, OutputSettings
from photowave.settings.inputs import AudioConfig, ConditioningConfig, ImageConfig
from photowave.settings.model import ModelConfig
from photowave.settings.networks import EnvelopeConfig, WaveNetConfig
from photowave.settings.serving import ServeSettings
from photowave.settings.steering import SteerSettings
from photowave.settings.training import (
    AverageSettings,
    CheckpointSettings,
    PreviewSettings,
    TrainingSettings,
)

__all__ = [
    "AudioConfig",
    "AverageSettings",
    "BenchSettings",
    "CheckSettings",
    "CheckpointSettings",
    "ConditioningConfig",
    "DataSettings",
    "DrawSettings",
    "EnvelopeConfig",
    "EvaluateSettings",
    "ImageConfig",
    "ModelConfig",
    "OutputSettings",
    "OverfitSettings",
    "PreviewSettings",
    "ServeSettings",
    "SplitSettings",
    "SteerSettings",
    "TrainingSettings",
    "WaveNetConfig",
    "check_judged_length",
]
