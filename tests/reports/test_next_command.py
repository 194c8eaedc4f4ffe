from __future__ import annotations

import pytest

from bncli.reports.next_command import next_command


def test_names_are_quoted_as_a_shell_takes_them() -> None:
    (note,) = next_command("bncli", "check", "my model.pt", purpose="looks at it")
    assert note.text == "next: bncli check 'my model.pt' looks at it"
    (note,) = next_command("bncli", "check", "m.pt")
    assert note.text == "next: bncli check m.pt"


@pytest.mark.parametrize("name", ["m\n.pt", "m\\.pt", "m\u202e.pt"])
def test_a_name_that_is_shown_with_escapes_is_in_no_command(name: str) -> None:
    assert list(next_command("bncli", "check", name)) == []
