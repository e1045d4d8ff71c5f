"""Judges the sounds of several systems: all metrics, floors and ceilings, and the verdict."""
