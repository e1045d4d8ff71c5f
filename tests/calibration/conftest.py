"""A tiny training, in Python and ready to run."""

from tiny_training import feature_cache, make_trainer, make_training, manifest

__all__ = ["feature_cache", "make_trainer", "make_training", "manifest"]
