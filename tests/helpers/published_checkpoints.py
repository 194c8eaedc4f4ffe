"""Published checkpoints, which are not in the repository; tests that need one are skipped without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_FOLDER = Path(os.environ.get("BNCLI_REAL_CHECKPOINTS", Path(__file__).parents[2].parent / "shared" / "real"))


def published(name: str) -> Path:
    """Return the path of a published checkpoint; without it the test is skipped."""
    path = _FOLDER / name
    if not path.exists():
        pytest.skip(f"no {name} in {_FOLDER}")
    return path
