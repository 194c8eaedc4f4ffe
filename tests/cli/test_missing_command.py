from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from bncli.cli.missing_command import command_for_file
from tests.helpers.invoke import invoke

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("words", "command"), [([], "check"), (["inspect"], "inspect checkpoint")])
def test_a_file_in_the_place_of_a_command_gets_the_command_that_was_meant(words: list[str], command: str) -> None:
    answer = invoke(*words, "samples/digits.pt")
    assert answer.exit_code == 2
    assert f"bncli: hint: did you mean bncli {command} samples/digits.pt?" in answer.stderr.splitlines()


def test_the_command_can_be_copied(tmp_path: Path) -> None:
    path = tmp_path / "it's a 'model'\n.pt"
    path.touch()
    words = shlex.split(command_for_file(f"No such command '{path}'.", "bncli") or "")
    assert words == ["bncli", "check", str(path)]


@pytest.mark.parametrize(
    ("message", "command_path"),
    [
        ("No such command 'chek'.", "bncli"),
        ("No such command 'nul\0'.", "bncli"),
        (f"No such command '{'n' * 300}'.", "bncli"),
        ("No such command 'samples'.", "bncli inspect checkpoint"),
        ("No such option: --x", "bncli"),
    ],
)
def test_other_words_are_left_to_the_help(message: str, command_path: str) -> None:
    assert command_for_file(message, command_path) is None
