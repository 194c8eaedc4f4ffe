"""What a connection to a remote file offers: its size, and any range of its bytes."""

from __future__ import annotations

from typing import Protocol


class Ranges(Protocol):
    """A remote file of which parts can be asked for."""

    size: int
    """Bytes of the whole file."""
    num_at_once: int
    """How many ranges may be asked for at the same time, each by a thread of its own."""

    @property
    def bytes_received(self) -> int:
        """Bytes of the file that were transferred up to now."""

    def fetch(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes from `start` to `stop`, which lie in the file.

        Raises:
            BncliError: they do not come.
        """

    def close(self) -> None:
        """Close idle connections. A later `fetch` opens new ones."""
