"""Frechet and kernel audio distance over a network that the user brings, for comparison with papers."""
