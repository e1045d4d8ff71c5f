"""Pairs of photos and sounds: manifests, folders of scenes, splits, and what feeds the training."""
