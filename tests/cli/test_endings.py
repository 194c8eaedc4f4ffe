from __future__ import annotations

import errno

import pytest
import typer

from bncli.cli.endings import Ending, ending_of
from bncli.errors import BncliError, InvalidUsage, MalformedFile, OutputExists


def exit_with_reader_gone() -> BaseException:
    """Return what typer raises after it met a broken pipe."""
    try:
        try:
            raise BrokenPipeError
        except OSError:
            raise SystemExit(1)  # noqa: B904 - as typer does it
    except SystemExit as error:
        return error


def test_an_error_is_one_line_and_its_hint_another() -> None:
    ending = ending_of(MalformedFile("a.pt: truncated", hint="copy it again"))
    assert ending == Ending(3, ("bncli: error: a.pt: truncated", "bncli: hint: copy it again"))


@pytest.mark.parametrize(("error", "code"), [(InvalidUsage, 2), (MalformedFile, 3), (BncliError, 3), (OutputExists, 4)])
def test_the_exit_code_is_that_of_the_error(error: type[BncliError], code: int) -> None:
    assert ending_of(error("x")) == Ending(code, ("bncli: error: x",))


def test_hostile_names_in_messages_and_hints_are_made_visible() -> None:
    ending = ending_of(BncliError("m\x1b[2J\nodel.pt", hint="\u202ehint\nof its own"))
    assert ending.lines == (r"bncli: error: m\x1b[2J\nodel.pt", r"bncli: hint: \u202ehint\nof its own")


def test_an_endless_name_in_a_message_is_told_without_its_middle() -> None:
    (line,) = ending_of(MalformedFile(f"a.h5: the array {'x' * 70_000} is broken")).lines
    assert line.startswith("bncli: error: a.h5: the array xxx")
    assert line.endswith("xxx is broken")
    assert " ... " in line
    assert len(line) < 2100


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
        (exit_with_reader_gone(), 141),
        (SystemExit(143), 143),
        (SystemExit(None), 0),
    ],
)
def test_some_ends_need_no_words(error: BaseException, code: int) -> None:
    assert ending_of(error) == Ending(code)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EBADF, errno.EIO])
def test_a_stdout_that_fails_under_typer_is_told_as_output(number: int) -> None:
    assert ending_of(OSError(number, "it failed")) == Ending(4, ("bncli: error: standard output: it failed",))


def test_a_name_that_is_too_long_for_the_system_is_no_bug() -> None:
    error = OSError(errno.ENAMETOOLONG, "File name too long", "x.pt")
    assert ending_of(error) == Ending(3, ("bncli: error: x.pt: File name too long",))


def test_too_little_memory_is_no_bug() -> None:
    assert ending_of(MemoryError()) == Ending(3, ("bncli: error: not enough memory for this input",))


def test_a_run_that_needs_torch_where_there_is_none_says_how_to_get_it() -> None:
    ending = ending_of(ModuleNotFoundError("No module named 'torch'", name="torch"))
    assert ending.exit_code == 3
    assert ending.lines[0] == "bncli: error: this needs torch, which is not installed"
    assert "pip install torch" in ending.lines[1]
    assert ending_of(ModuleNotFoundError("No module named 'x'", name="x")).exit_code == 70


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (KeyError("running_mean"), "bncli: error: internal error: KeyError: 'running_mean'"),
        (FileNotFoundError(errno.ENOENT, "No such file", "x.pt"),
         "bncli: error: internal error: FileNotFoundError: [Errno 2] No such file: 'x.pt'"),
        (ValueError("two\nlines"), r"bncli: error: internal error: ValueError: two\nlines"),
        (RecursionError(), "bncli: error: internal error: RecursionError: "),
    ],
)  # fmt: skip
def test_everything_else_is_a_bug_in_one_line_with_a_way_to_report_it(error: Exception, line: str) -> None:
    ending = ending_of(error)
    assert (ending.exit_code, ending.lines[0]) == (70, line)
    assert "--debug" in ending.lines[1]


def test_an_end_of_file_that_typer_turned_into_an_abort_is_told_as_what_it_was() -> None:
    abort = typer.Abort()
    abort.__cause__ = EOFError("no more")
    assert ending_of(abort).lines[0] == "bncli: error: internal error: EOFError: no more"
