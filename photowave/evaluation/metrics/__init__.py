"""The single metrics: how each is taken from features, and what it means."""
