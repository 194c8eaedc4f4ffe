"""Reads and writes the file of a baseline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bncli.atomic_file import atomic_file
from bncli.cli.settings_text import settings_text
from bncli.errors import InvalidUsage
from bncli.rules.baseline import Baseline, baseline_from

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 64 * 1024**2
"""Half a million findings."""


def read_baseline(path: Path) -> Baseline:
    """Return the baseline in a file.

    Raises:
        InvalidUsage: the file does not exist, or holds no baseline.
    """
    text = settings_text(path, _MOST_BYTES)
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidUsage(f"{path}: is not a baseline", hint="--write-baseline makes one") from error
    return baseline_from(record, str(path))


def write_baseline(path: Path, baseline: Baseline, *, force: bool) -> None:
    """Write a baseline as JSON.

    Raises:
        OutputExists: a file is there already and `force` is not given.
        OutputFailed: it could not be written.
    """
    with atomic_file(path, force=force) as file:
        file.write((json.dumps(baseline.record(), indent=2) + "\n").encode())
