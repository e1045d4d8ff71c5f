"""Published sets of photos, sounds and videos: a thin reader each, and what makes manifests of them."""
