from __future__ import annotations

import pytest

from bncli.core.name_length import MAX_NAME_LENGTH, require_short


def test_names_up_to_the_limit_are_taken() -> None:
    require_short(["", "bn1.running_mean", "x" * MAX_NAME_LENGTH])


def test_one_name_beyond_the_limit_is_told_by_its_length_alone() -> None:
    with pytest.raises(ValueError, match=r"^a name of 1025 characters, and at most 1024 are read$"):
        require_short(["a", "x" * (MAX_NAME_LENGTH + 1)])
