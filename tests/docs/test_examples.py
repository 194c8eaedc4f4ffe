"""Every command with its output in the documents is run, and its output compared; `--update-golden` writes it anew."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WIDTH = 100
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def expanded(word: str) -> list[str]:
    """Return the files that a pattern with `?` names, as a shell would; any other word as it is."""
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(word)) if "?" in word else [word]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as the documents assume it: with samples/, and with what `bncli demo` writes."""
    path = tmp_path_factory.mktemp("documents")
    (path / "samples").symlink_to(ROOT / "samples")
    assert answer("bncli demo", path).startswith("folder")
    return path


def answer(command: str, folder: Path) -> str:
    """Return what a command prints: stdout, then stderr, and the exit code where it is not 0."""
    words = [word for pattern in shlex.split(command) for word in expanded(pattern)]
    assert words[0] == "bncli", f"only bncli is run, not {command!r}"
    done = subprocess.run(
        [sys.executable, "-m", "bncli", *words[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": str(WIDTH), "PYTHONPATH": str(ROOT)},
    )
    ending = f"(exit code {done.returncode})\n" if done.returncode else ""
    return "\n".join(line.rstrip() for line in f"{done.stdout}{done.stderr}{ending}".split("\n"))


def rerun(block: str, folder: Path) -> str:
    commands = re.findall(r"^\$ (.*)$", block, re.MULTILINE)
    assert commands, "a console block shows at least one command"
    return "".join(f"$ {command}\n{answer(command, folder)}" for command in commands)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_commands_in_a_document_print_what_it_says(
    document: Path, folder: Path, request: pytest.FixtureRequest
) -> None:
    text = document.read_text(encoding="utf-8")
    expected = BLOCK.sub(lambda found: f"```console\n{rerun(found[1], folder)}```", text)
    if request.config.getoption("--update-golden"):
        document.write_text(expected, encoding="utf-8")
        text = expected
    assert text == expected
