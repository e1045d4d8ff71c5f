"""The studies behind the model card: cross-validation, a sweep of settings, long sounds."""
