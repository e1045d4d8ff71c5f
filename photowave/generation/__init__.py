"""From a conditioning vector to sound: packed weights, compiled sampling, soundscapes."""

from photowave.generation.generator import SoundscapeGenerator, check_options, load
from photowave.generation.soundscape import Soundscape

__all__ = ["Soundscape", "SoundscapeGenerator", "check_options", "load"]
