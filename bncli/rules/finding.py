"""A finding: what a rule observed, with the rule and the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.rules.base import Severity

MOST_CHANNELS_LISTED = 50
"""A layer that is wrong as a whole needs no list of its 2,048 channels."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One state that a rule found in one layer of one file."""

    code: str
    name: str
    """The rule's name, such as `dead-input`."""
    severity: Severity
    file: Path
    layer: str | None
    """Stored name of the layer; `None` where the state is the whole file's."""
    label: str
    """The layer's name for people; empty where there is no layer."""
    num_features: int | None
    """Channels of the layer; `None` where there is no whole layer."""
    num_channels: int
    """How many of them are in that state; 0 where the state is the layer's as a whole."""
    channels: tuple[int, ...]
    """Those channels, the worst first, at most `MOST_CHANNELS_LISTED`."""
    value: float | None
    """The measured value of the worst channel, or of the layer."""
    threshold: float | None
    """What the value was compared with."""
    message: str
    """One sentence: what was seen, and what it means for this model."""
    remedy: str
    """What to do."""
