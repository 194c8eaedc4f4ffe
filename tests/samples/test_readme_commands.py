from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "samples" / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"`bncli ([^`]+)`", README)


def arguments_of(command: str) -> list[str]:
    """Split a command line and fill in file names for a pattern, as a shell would."""
    words: list[str] = []
    for word in command.split():
        matches = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(word)) if "?" in word else [word]
        words += matches
    return words


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_succeeds_without_a_warning(command: str) -> None:
    completed = subprocess.run(
        [sys.executable, "-W", "error", "-m", "bncli", *arguments_of(command)],
        cwd=ROOT, capture_output=True, check=False, encoding="utf-8",
    )  # fmt: skip
    assert (completed.returncode, completed.stderr) == (0, "")
    assert completed.stdout


def test_the_readme_shows_a_command_for_every_file_or_series_of_files() -> None:
    assert len(COMMANDS) == len(re.findall(r"^\| `", README, flags=re.MULTILINE))
