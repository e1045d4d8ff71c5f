"""The errors photowave raises on purpose: each message says what, which value, which rule, which remedy."""


class PhotowaveError(Exception):
    """Anything a user can mend; the command line prints it in one line and exits with 2."""


class ConfigError(PhotowaveError):
    """A setting is out of its range or contradicts another."""


class PairError(PhotowaveError):
    """A manifest, a folder of scenes or a split cannot be used."""


class MediaError(PhotowaveError):
    """A photo or a sound cannot be read, used or written."""


class CheckpointError(PhotowaveError):
    """A model file is missing, damaged, foreign or of another version."""


class MissingPackageError(PhotowaveError, ImportError):
    """A package of an extra is not installed."""
