"""How a recording is known among the files of its format."""

from __future__ import annotations

from typing import Final

RECORDING_KEY: Final = "bncli_recording"
"""Key in the metadata, under which the version of a recording stands."""
