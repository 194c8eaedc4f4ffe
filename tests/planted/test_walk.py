"""Every step is typed into a shell, and shows what it says."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

import pytest

from bncli.planted.layout import planted_files
from bncli.planted.walk import STEPS, Step, command
from tests.helpers.invoke import invoke_in_shell

SEEN = {
    "A healthy checkpoint": (0, r"layers +3 .*, 40 channels(?s:.)*updates +5,000"),
    "Nothing to find in it": (0, r"no findings"),
    "Its faulty twin": (0, r"warning +BN301 +dead-input +block1.bn +2 of 16: 2, 5"),
    "The channels themselves": (0, r"1e-20(?s:.)*3e-20"),
    "What the rule means": (0, r"Thresholds(?s:.)*Remedy"),
    "An error": (1, r"error +BN101 +nonfinite(?s:.)*one batch"),
    "Many files at once": (0, r"files +28\n(?s:.)*BN603"),
    "What happened between two checkpoints": (0, r"leaky-freeze"),
}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.title)
def test_a_step_shows_what_it_says(step: Step, tmp_path: Path) -> None:
    folder = tmp_path / "a demo"
    for path, model in planted_files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(model.file())
    completed = invoke_in_shell(command(step.words, folder), COLUMNS="200")
    exit_code, pattern = SEEN[step.title]
    assert (completed.exit_code, completed.stderr) == (exit_code, "")
    assert re.search(pattern, completed.stdout), completed.stdout


def test_a_folder_is_quoted_and_a_pattern_is_left_to_the_shell() -> None:
    words = ("check", PurePosixPath("faulty", "*"), "--fail-on", "never")
    assert command(words, Path("a b")) == f"bncli check 'a b'{os.sep}faulty/* --fail-on never"
