"""How settings check themselves."""

from photowave.errors import ConfigError


def require(holds: bool, message: str) -> None:
    """Refuse a setting.

    Args:
        holds: Whether the rule holds.
        message: What, which value, which rule, which remedy.

    Raises:
        ConfigError: It does not.
    """
    if not holds:
        raise ConfigError(message)
