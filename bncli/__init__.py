"""Inspect, normalize and simulate batch-normalization statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.version import __version__

if TYPE_CHECKING:
    from bncli.recording.live_recording import record as record

__all__ = ["__version__", "record"]


def __getattr__(name: str) -> Any:
    """Import what needs more than a moment only when it is asked for."""
    if name == "record":
        from bncli.recording.live_recording import record  # noqa: PLC0415

        return record
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
