"""Tests of the names of layers that the shell is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from tests.helpers.invoke import invoke_in_shell

if TYPE_CHECKING:
    from pathlib import Path

FOUR = ["bn1", "bn2", "bn3", "bn4"]


def offered(line: str) -> list[str]:
    """Return what bash is offered for the word at the end of a line."""
    completed = invoke_in_shell(
        "bncli", _BNCLI_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(line.split(" ")) - 1)
    )
    assert (completed.exit_code, completed.stderr) == (0, "")
    return completed.stdout.split()


@pytest.mark.parametrize(
    "line",
    [
        "bncli inspect checkpoint samples/digits.pt --layer b",
        "bncli inspect checkpoint --top 2 samples/digits.pt --layer bn1 --layer ",
        "bncli normalize samples/activations_1.npy --checkpoint samples/digits.pt --layer bn",
        "bncli simulate-momentum --checkpoint samples/digits.pt --layer bn",
        "bncli simulate-momentum samples/digits_run.safetensors --layer bn",
        "bncli diff samples/digits.pt samples/digits.safetensors --layer bn",
    ],
)
def test_layers_of_the_files_on_the_line_are_offered(line: str) -> None:
    assert offered(line) == FOUR


def test_a_stored_name_is_offered_once_the_label_does_not_fit(tmp_path: Path) -> None:
    layer = torch.nn.BatchNorm2d(2).state_dict(prefix="net.bn.")
    torch.save({"state_dict": layer}, tmp_path / "m.pt")
    assert offered(f"bncli check {tmp_path / 'm.pt'} --layer state") == ["state_dict.net.bn"]


@pytest.mark.parametrize("file", ["missing.pt", "https://example.org/model.pt", "samples/README.md", "samples"])
def test_a_file_that_cannot_be_read_offers_nothing_and_says_nothing(file: str) -> None:
    assert offered(f"bncli check {file} --layer b") == []


def test_a_name_that_a_shell_would_obey_is_not_offered(tmp_path: Path) -> None:
    names = ["$(reboot)", "`reboot`", "a;reboot", "a b", "a*", "~", "'", "a|b", "a\n", "plain_1.bn-2"]
    state = {f"{name}.{key}": value for name in names for key, value in torch.nn.BatchNorm2d(2).state_dict().items()}
    torch.save(state, tmp_path / "m.pt")
    assert offered(f"bncli check {tmp_path / 'm.pt'} --layer ") == ["plain_1.bn-2"]
