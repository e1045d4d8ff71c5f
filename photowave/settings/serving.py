"""How `photowave serve` listens, and what it allows."""

from dataclasses import dataclass
from pathlib import Path

from photowave.settings.checks import require

LOCAL = ("localhost", "127.0.0.1", "::1")
"""Hosts that only this machine reaches."""


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """How `photowave serve` listens, and what it allows."""

    host: str = "127.0.0.1"
    """Address to listen on; 127.0.0.1 is reached from this machine only."""
    port: int = 8000
    """Port to listen on; 0 takes a free one."""
    photos: str | None = None
    """Folder whose photos hang in the walk; null: no walk."""
    names: str = ""
    """Names under which the server is reached, such as photos.example.org,localhost; others are refused."""
    behind_proxy: bool = False
    """Trust a reverse proxy on this machine for the addresses of clients (X-Forwarded-For)."""
    threads: int = 2
    """Threads that draw."""
    listeners: int = 0
    """Sounds drawn at once at the most; who comes later is told to wait. 0: as many as this machine keeps in
    real time, which is measured at the start."""
    ahead_s: float = 4.0
    """Seconds of sound that are drawn ahead of what was sent, and sent ahead of what can have been heard."""
    requests_per_minute: int = 240
    """Requests of one client; a third of it may come at once."""
    max_upload_mb: float = 25.0
    """Largest photo, in million bytes."""
    max_megapixels: float = 64.0
    """Largest photo, in million pixels."""
    max_download_s: float = 60.0
    """Longest sound that can be downloaded, in seconds."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(0 <= self.port <= 65_535, f"port={self.port}: must lie in 0 to 65535. The default is 8000.")
        require(
            self.photos is None or Path(self.photos).is_dir(),
            f"photos={self.photos}: is no folder. Give the folder that holds the photos.",
        )
        for name in self._named:
            require(
                "*" not in name.removeprefix("*.") or name == "*",
                f"names={self.names}: in '{name}' a * stands elsewhere than alone before a dot. Write "
                "*.example.org for all names below one, or * for any.",
            )
            require(
                not any(mark in name for mark in "/:@ ") or name.startswith("["),
                f"names={self.names}: '{name}' is more than a name. Leave out scheme, port and path: "
                "photos.example.org.",
            )
        require(1 <= self.threads <= 64, f"threads={self.threads}: must lie in 1 to 64. The default is 2.")
        require(
            0 <= self.listeners <= 10_000,
            f"listeners={self.listeners}: must lie in 0 to 10000. The default, 0, measures how many.",
        )
        require(
            0.5 <= self.ahead_s <= 30.0,
            f"ahead_s={self.ahead_s:g}: must lie in 0.5 to 30 seconds. The default is 4.",
        )
        require(
            6 <= self.requests_per_minute <= 1_000_000,
            f"requests_per_minute={self.requests_per_minute}: must lie in 6 to 1000000. The default is 240.",
        )
        for name, most, default in (("max_upload_mb", 1000, 25), ("max_megapixels", 178, 64)):
            value = getattr(self, name)
            require(
                0.0 < value <= most,
                f"{name}={value:g}: must be above 0 and at most {most}. The default is {default}.",
            )
        require(
            0.0 < self.max_download_s <= 600.0,
            f"max_download_s={self.max_download_s:g}: must be above 0 and at most 600. The default is 60.",
        )

    @property
    def max_upload_bytes(self) -> int:
        """Largest photo, in bytes."""
        return round(self.max_upload_mb * 1e6)

    @property
    def max_pixels(self) -> int:
        """Largest photo, in pixels."""
        return round(self.max_megapixels * 1e6)

    @property
    def known_hosts(self) -> tuple[str, ...]:
        """Names that requests may ask for, without ports; "*" for any."""
        if self._named:
            return self._named
        return (*LOCAL[:2], "[::1]") if self.host in LOCAL else ("*",)

    @property
    def _named(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.names.split(",") if name.strip())
