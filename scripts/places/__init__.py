"""What `build_places.py` and `list_places.py` share: the list of files, checks, sources, the split."""
