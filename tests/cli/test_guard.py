from __future__ import annotations

import pytest

from tests.cli import stand_in
from tests.helpers.invoke import Completed, invoke


def run(*arguments: object) -> Completed:
    return invoke(*arguments, app=stand_in.app)


def test_a_command_that_succeeds_ends_with_zero_and_says_nothing_on_stderr() -> None:
    assert run("show") == Completed(0, "name\n───────\nrow é 0\n", "")


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("refused", 3, "bncli: error: model.pt: truncated at byte 7\nbncli: hint: copy it again\n"),
        ("no-layers", 3, "bncli: error: model.pt: no layers\n"),
        ("memory", 3, "bncli: error: not enough memory for this input\n"),
        ("interrupt", 130, ""),
        ("full", 4, "bncli: error: standard output: No space left on device\n"),
        ("hostile", 3, "bncli: error: m\\x1b[2J\\nodel.pt: broken\nbncli: hint: first\\nsecond\\nthird\n"),
    ],
)
def test_an_error_ends_in_its_code_with_its_lines_on_stderr(name: str, code: int, message: str) -> None:
    assert run("raise", name) == Completed(code, "", message)


@pytest.mark.parametrize(
    ("name", "kind"), [("bug", "KeyError"), ("end-of-file", "EOFError"), ("missing", "FileNotFoundError")]
)
def test_a_bug_ends_with_seventy_and_without_a_traceback(name: str, kind: str) -> None:
    completed = run("raise", name)
    assert (completed.exit_code, completed.stdout) == (70, "")
    assert completed.stderr.lstrip().startswith(f"bncli: error: internal error: {kind}")
    assert "Traceback" not in completed.stderr


@pytest.mark.parametrize(
    "arguments", [("--debug", "raise", "bug"), ("raise", "bug", "--debug"), ("raise", "--debug", "bug")]
)
def test_debug_shows_the_traceback_wherever_it_stands(arguments: tuple[str, ...]) -> None:
    completed = run(*arguments)
    assert completed.exit_code == 70
    assert completed.stderr.startswith("Traceback (most recent call last):\n")
    assert "in raise_error" in completed.stderr
    assert "bncli: error: internal error: KeyError: 'running_mean'" in completed.stderr


def test_debug_shows_the_traceback_of_an_expected_error_too() -> None:
    assert "in raise_error" in run("raise", "refused", "--debug").stderr


def test_a_variable_asks_for_the_traceback_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNCLI_DEBUG", "1")
    assert "in raise_error" in run("raise", "bug").stderr


def test_debug_changes_nothing_where_all_is_well() -> None:
    assert run("show", "--debug") == run("show")


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (("shwo",), ["no such command 'shwo'. Did you mean 'show'?", "bncli --help lists what it takes"]),
        (
            ("show", "--row", "3"),
            ["no such option: --row", "did you mean --rows", "bncli show --help lists what it takes"],
        ),
        (("show", "--rows", "x"), ["invalid value for '--rows'", "bncli show --help lists what it takes"]),
        (("raise",), ["missing argument", "bncli raise --help lists what it takes"]),
        (("show", "more"), ["got unexpected extra argument", "bncli show --help lists what it takes"]),
        (("show", "--format"), ["option '--format' requires an argument", "--help lists what it takes"]),
    ],
)
def test_options_that_typer_refuses_are_told_in_the_same_style(arguments: tuple[str, ...], lines: list[str]) -> None:
    completed = run(*arguments)
    assert (completed.exit_code, completed.stdout) == (2, "")
    seen = completed.stderr.splitlines()
    assert len(seen) == len(lines)
    assert seen[0].startswith("bncli: error: ")
    assert all(line.startswith("bncli: hint: ") for line in seen[1:])
    assert all(expected in line for expected, line in zip(lines, seen, strict=True))


def test_without_words_the_help_is_told_on_stderr_with_the_code_for_usage() -> None:
    completed = run()
    assert (completed.exit_code, completed.stdout) == (2, "")
    assert completed.stderr.startswith("Usage: bncli")


def test_help_goes_to_stdout() -> None:
    completed = run("show", "--help")
    assert (completed.exit_code, completed.stderr) == (0, "")
    assert completed.stdout.startswith("Usage: bncli show")


def test_an_encoding_that_lacks_a_character_gets_an_escape() -> None:
    completed = invoke("show", app=stand_in.app, encoding="ascii")
    assert completed == Completed(0, "name\n----------\nrow \\xe9 0\n", "")
