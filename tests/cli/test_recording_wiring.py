from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bncli.cli.recording_wiring import RecordOptions
from bncli.errors import InvalidUsage

OPTIONS = RecordOptions("a:b", None, "a:c", None, "train", False, "cpu", None, 0, False, 60.0, Path("run"), False)


def test_modes_and_types_are_checked_before_any_code_of_the_users_is_imported() -> None:
    with pytest.raises(InvalidUsage, match="--bn-mode"):
        replace(OPTIONS, bn_mode="frozen")
    with pytest.raises(InvalidUsage, match="unknown dtype"):
        replace(OPTIONS, dtype="int8")
