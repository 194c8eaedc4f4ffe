from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.invoke import Completed, invoke_in_shell

STAND_IN = str(Path(__file__).with_name("stand_in.py"))
BUFFERING = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
MORE_THAN_A_PIPE_HOLDS = 100_000


def shell(command: str, **variables: str) -> Completed:
    return invoke_in_shell(command, STAND_IN, **variables)


@BUFFERING
def test_a_reader_that_leaves_ends_the_run_quietly(unbuffered: str) -> None:
    command = f"bncli show --rows {MORE_THAN_A_PIPE_HOLDS} | head -1"
    assert shell(command, PYTHONUNBUFFERED=unbuffered) == Completed(141, "name\n", "")


@BUFFERING
@pytest.mark.parametrize("command", ["bncli show", "bncli --help", "bncli show --help"])
def test_a_full_disk_under_stdout_is_one_line(command: str, unbuffered: str) -> None:
    completed = shell(f"{command} > /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert completed == Completed(4, "", "bncli: error: standard output: No space left on device\n")


@BUFFERING
@pytest.mark.parametrize("command", ["bncli show", "bncli --help"])
def test_a_closed_stdout_is_one_line(command: str, unbuffered: str) -> None:
    completed = shell(f"{command} >&-", PYTHONUNBUFFERED=unbuffered)
    assert completed == Completed(4, "", "bncli: error: standard output: Bad file descriptor\n")


@BUFFERING
def test_a_disk_that_fills_up_half_way_is_told_and_not_passed_over(unbuffered: str, tmp_path: Path) -> None:
    command = f"ulimit -f 100; bncli show --rows {MORE_THAN_A_PIPE_HOLDS} > {tmp_path}/out"
    completed = shell(command, PYTHONUNBUFFERED=unbuffered)
    assert completed == Completed(4, "", "bncli: error: standard output: File too large\n")


@BUFFERING
def test_all_of_a_long_text_arrives(unbuffered: str) -> None:
    completed = shell(f"bncli show --rows {MORE_THAN_A_PIPE_HOLDS} | (sleep 0.2; wc -l)", PYTHONUNBUFFERED=unbuffered)
    assert completed == Completed(0, f"{MORE_THAN_A_PIPE_HOLDS + 2}\n", "")


def test_a_closed_stdout_does_not_matter_where_a_file_is_written(tmp_path: Path) -> None:
    completed = shell(f"bncli show --output {tmp_path}/out.csv >&-")
    assert completed == Completed(0, "", "")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "name\nrow é 0\n"


def test_a_closed_stderr_changes_no_exit_code() -> None:
    assert shell("bncli raise refused 2>&-") == Completed(3, "", "")
    assert shell("bncli show 2>&-").exit_code == 0


def test_a_reader_of_stderr_that_left_changes_no_exit_code() -> None:
    assert shell("(sleep 0.2; bncli raise refused) 2>&1 | true").exit_code == 3


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
    ids=["encoding", "locale"],
)
def test_an_encoding_that_lacks_a_character_gets_an_escape(variables: dict[str, str]) -> None:
    assert shell("bncli show", **variables) == Completed(0, "name\n----------\nrow \\xe9 0\n", "")


def test_stdout_can_be_named_as_a_file() -> None:
    assert shell("bncli show --format csv --output /dev/stdout | cat") == Completed(0, "name\nrow é 0\n", "")


def test_a_file_that_a_shell_adds_to_keeps_what_it_has(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("before\n")
    assert shell(f"bncli show --format csv --output /dev/stdout >> {out}").exit_code == 0
    assert out.read_text(encoding="utf-8") == "before\nname\nrow é 0\n"
