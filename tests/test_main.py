from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bncli import __version__
from tests.helpers.invoke import Completed, invoke_in_shell

STAND_IN = Path(__file__).parent / "cli" / "stand_in.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(STAND_IN.parents[2])}

IGNORING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=ENVIRONMENT
    )  # fmt: skip


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_ends_the_run_quietly_with_its_code(number: int, code: int, times: int, tmp_path: Path) -> None:
    with start(STAND_IN, "write", tmp_path / "file", "--pause", "30") as program:
        assert program.stderr is not None
        assert program.stderr.readline() == "started\n"
        for _ in range(times):
            program.send_signal(number)
        assert program.communicate() == ("", "")
    assert program.returncode == code


def test_a_signal_that_was_ignored_at_the_start_stays_so(tmp_path: Path) -> None:
    with start("-c", IGNORING, STAND_IN, "write", tmp_path / "file", "--pause", "0.3") as program:
        assert program.stderr is not None
        assert program.stderr.readline() == "started\n"
        program.send_signal(signal.SIGINT)
        assert program.communicate() == ("", "")
    assert program.returncode == 0


def test_warnings_stay_off_stderr() -> None:
    with start(STAND_IN, "warn") as program:
        assert program.communicate() == ("", "")


def test_what_the_user_tells_python_about_warnings_is_kept() -> None:
    completed = invoke_in_shell("bncli warn", str(STAND_IN))
    assert completed.exit_code == 70
    assert "RuntimeWarning: divide by zero" in completed.stderr


def test_the_module_runs_as_the_program() -> None:
    assert invoke_in_shell("bncli --version") == Completed(0, f"bncli {__version__}\n", "")
