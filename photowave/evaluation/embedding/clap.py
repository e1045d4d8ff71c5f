"""CLAP, Wu et al. 2023, arXiv:2211.06687, as the package `transformers` lays it out.

Each sound gives one unit vector; what lies beyond the longest that the network takes (10 s, as a rule) is
left out.
"""

from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor

from photowave.evaluation.embedding.network import Embedding
from photowave.extras import require


def clap(folder: Path) -> Embedding:
    """Load the embedding; `transformers` looks for nothing outside the folder and unpickles nothing.

    Raises a MissingPackageError where `transformers` is not installed; an incomplete or foreign folder fails
    in many ways.
    """
    require("embedding", f"embedding={folder}: CLAP")
    transformers = import_module("transformers")
    extractor = transformers.ClapFeatureExtractor.from_pretrained(folder, local_files_only=True)
    model, found = transformers.ClapModel.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, output_loading_info=True
    )
    if found["missing_keys"]:
        raise KeyError(f"{len(found['missing_keys'])} weights are missing")
    model.eval()
    rate, longest = int(extractor.sampling_rate), int(extractor.nb_max_samples)

    def embed(samples: Tensor) -> Tensor:
        heard = list(samples[:, :longest].numpy())
        given = extractor(heard, sampling_rate=rate, return_tensors="pt")["input_features"].float()
        # The extractor would mark one sound of a batch at random as longer than it is.
        flags = torch.zeros(len(heard), 1, dtype=torch.bool)
        found: Tensor = model.get_audio_features(given, is_longer=flags).pooler_output
        return found[:, None]

    return Embedding("CLAP, a vector per sound", rate, embed)
