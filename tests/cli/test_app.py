from __future__ import annotations

from typing import Any

import pytest
import typer

from bncli import __version__
from bncli.cli.app import COMMANDS as REGISTERED
from bncli.cli.app import app_for
from tests.helpers.invoke import Completed, invoke


def commands_of(group: Any, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the words of every command below a group."""
    found: list[tuple[str, ...]] = []
    for name, command in group.commands.items():
        path = (*words, name)
        found += commands_of(command, path) if hasattr(command, "commands") else [path]
    return found


TORCHRUN = "torchrun --nproc-per-node 2 -m "
COMMANDS = [tuple(name.split()) for name in REGISTERED]
NO_COMMANDS = [
    (), ("simulate-momentun",), ("inspect",), ("inspect", "check"), ("inspect checkpoint",), ("--debug", "check"),
]  # fmt: skip


def test_the_version_is_one_line_on_stdout() -> None:
    assert invoke("--version") == Completed(0, f"bncli {__version__}\n", "")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_every_command(option: str) -> None:
    completed = invoke(option)
    assert (completed.exit_code, completed.stderr) == (0, "")
    assert all(f"\n  {words[0]} " in completed.stdout for words in COMMANDS)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_help_of_a_command_ends_with_three_examples_of_it(words: tuple[str, ...]) -> None:
    completed = invoke(*words, "--help")
    assert (completed.exit_code, completed.stderr) == (0, "")
    _, _, examples = completed.stdout.partition("  Examples:\n")
    lines = [line.strip() for line in examples.splitlines()]
    assert len(lines) == 3
    assert all(f"{line} ".removeprefix(TORCHRUN).startswith(f"bncli {' '.join(words)} ") for line in lines)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_h_is_short_for_help(words: tuple[str, ...]) -> None:
    assert invoke(*words, "-h") == invoke(*words, "--help")


@pytest.mark.parametrize("option", ["--help", "--no-such-option"])
@pytest.mark.parametrize("words", [*COMMANDS, *NO_COMMANDS], ids=" ".join)
def test_the_app_for_some_words_answers_them_as_the_whole_app_does(words: tuple[str, ...], option: str) -> None:
    assert invoke(*words, option, app=app_for([*words, option])) == invoke(*words, option)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_app_for_a_command_builds_that_one_alone(words: tuple[str, ...]) -> None:
    assert commands_of(typer.main.get_command(app_for([*words, "check", "tensor"]))) == [words]


@pytest.mark.parametrize("words", NO_COMMANDS, ids=" ".join)
def test_the_app_for_words_that_call_no_command_has_all(words: tuple[str, ...]) -> None:
    assert sorted(commands_of(typer.main.get_command(app_for(words)))) == sorted(COMMANDS)


@pytest.mark.parametrize("group", [(), ("inspect",)], ids=["bncli", "bncli inspect"])
def test_the_list_of_commands_cuts_no_summary_short(group: tuple[str, ...]) -> None:
    _, _, listed = invoke(*group, "--help").stdout.partition("Commands:\n")
    assert listed
    assert "..." not in listed
