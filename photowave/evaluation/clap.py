"""A pretrained audio-text network (CLAP) that embeds sounds and texts, from weights that the user has.

Nothing is downloaded and nothing is unpickled: the weights come from a safetensors file in a folder of the
user's, such as a copy of `laion/clap-htsat-unfused`.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from photowave.audio.resampling import resample
from photowave.errors import ConfigError

_WEIGHTS = "model.safetensors"
_TOGETHER = 8  # sounds embedded at once


class ClapScorer:
    """Embeds sounds and texts in one space: Wu et al. 2023, arXiv:2211.06687.

    Args:
        folder: Holds `config.json`, `preprocessor_config.json`, the files of the tokenizer and
            `model.safetensors`.

    Raises:
        ConfigError: `transformers` is not installed, or the folder is missing, incomplete or foreign.
    """

    def __init__(self, folder: str | Path):
        folder = Path(folder)
        transformers = _transformers()
        _check(folder)
        try:
            from safetensors.torch import load_file

            local: dict[str, Any] = {"local_files_only": True}
            config = transformers.ClapConfig.from_pretrained(folder, **local)
            self._extractor = transformers.ClapFeatureExtractor.from_pretrained(folder, **local)
            self._tokenizer = transformers.RobertaTokenizerFast.from_pretrained(folder, **local)
            # With the tensors in hand, transformers looks for no other weights in the folder.
            model, found = transformers.ClapModel.from_pretrained(
                None, config=config, state_dict=load_file(folder / _WEIGHTS), output_loading_info=True
            )
        except Exception as error:  # a foreign folder fails in many ways: JSON, names, shapes, tokenizer
            raise ConfigError(
                f"clap={folder}: cannot be loaded as a CLAP model ({_one_line(error)}). "
                "Give a folder as transformers saves one."
            ) from error
        if found["missing_keys"]:
            raise ConfigError(
                f"clap={folder}: {_WEIGHTS} lacks {len(found['missing_keys'])} weights of a CLAP model. "
                "Give a folder as transformers saves one."
            )
        self._model = model.eval()

    @property
    def sample_rate(self) -> int:
        """Sample rate of the network, in Hz; sounds of others are resampled."""
        return int(self._extractor.sampling_rate)

    def audio(self, samples: Tensor, sample_rate: int) -> Tensor:
        """Embed sounds. What lies beyond the longest the network takes (10 s, as a rule) is left out.

        Args:
            samples: Float, [sounds, time], full scale is +-1.
            sample_rate: In Hz.

        Returns:
            Unit vectors, [sounds, channels].
        """
        longest = int(self._extractor.nb_max_samples)
        rows = []
        for part in torch.split(samples, _TOGETHER):
            heard = resample(part, old_rate=sample_rate, new_rate=self.sample_rate)[:, :longest]
            given = self._extractor(list(heard.numpy()), sampling_rate=self.sample_rate, return_tensors="pt")
            with torch.no_grad():
                # The extractor would mark one sound of a batch at random as longer than it is.
                flags = torch.zeros(len(part), 1, dtype=torch.bool)
                found = self._model.get_audio_features(given["input_features"].float(), is_longer=flags)
            rows.append(found.pooler_output)
        return torch.cat(rows)

    def text(self, texts: Sequence[str]) -> Tensor:
        """Embed texts.

        Args:
            texts: At least one.

        Returns:
            Unit vectors, [texts, channels].
        """
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        with torch.no_grad():
            found: Tensor = self._model.get_text_features(
                input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
            ).pooler_output
        return found


def _transformers() -> Any:
    try:
        return import_module("transformers")
    except ImportError as error:
        raise ConfigError(
            "clap: CLAP scores need the package 'transformers'. Install photowave[clap], or leave --clap out."
        ) from error


def _check(folder: Path) -> None:
    """Refuse a folder before anything in it is opened."""
    if not folder.is_dir():
        raise ConfigError(
            f"clap={folder}: no such folder. Give the folder of a CLAP model, or leave --clap out."
        )
    if not (folder / _WEIGHTS).is_file():
        others = sorted(p.name for p in folder.iterdir() if p.suffix in (".bin", ".pt", ".pth", ".ckpt"))
        instead = f"{', '.join(others)} would have to be unpickled, which is never done" if others else "none"
        raise ConfigError(
            f"clap={folder}: weights must be in {_WEIGHTS}; there: {instead}. "
            "Get or convert the model in the safetensors format."
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
