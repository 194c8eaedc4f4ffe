from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tests.helpers.hostile_files import call, dictionary, tensor, write_torch_zip
from tests.helpers.invoke import ROOT, invoke

if TYPE_CHECKING:
    from pathlib import Path

DIGITS = ROOT / "samples" / "digits.pt"


def test_verbose_lists_the_names_in_a_pickle_on_stderr_and_leaves_stdout_alone() -> None:
    plain, verbose = (invoke("inspect", "checkpoint", DIGITS, *more) for more in ((), ("--verbose",)))
    assert (plain.stderr, plain.stdout) == ("", verbose.stdout)
    assert verbose.stderr.splitlines() == [
        f"bncli: {DIGITS}: names 4 classes and functions; none was imported or called",
        "bncli:   collections.OrderedDict",
        "bncli:   torch.FloatStorage",
        "bncli:   torch.LongStorage",
        "bncli:   torch._utils._rebuild_tensor_v2",
        "bncli: what they do when another program loads the file is not known from their names",
    ]


def test_a_format_without_pickles_names_nothing() -> None:
    completed = invoke("inspect", "checkpoint", DIGITS.with_suffix(".safetensors"), "--verbose")
    assert completed.stderr == f"bncli: {DIGITS.with_suffix('.safetensors')}: names no class or function\n"


def test_names_that_would_steer_a_terminal_are_made_visible_and_nothing_is_called_safe(tmp_path: Path) -> None:
    layer = {"bn.running_mean": tensor(), "bn.running_var": tensor()}
    path = write_torch_zip(tmp_path / "a.pt", dictionary(**layer, x=call("models.\x1b[31mNet\u202e")))
    stderr = invoke("inspect", "checkpoint", path, "--verbose").stderr
    assert r"bncli:   models.\x1b[31mNet\u202e" in stderr.splitlines()
    assert "\x1b" not in stderr
    assert "safe" not in stderr.replace("safetensors", "")


def test_the_names_of_all_files_that_were_opened_are_listed(tmp_path: Path) -> None:
    torch.save({"bn.running_mean": torch.ones(2)}, tmp_path / "a.bin")
    torch.save({"bn.running_var": torch.ones(2, dtype=torch.float64)}, tmp_path / "b.bin")
    index = tmp_path / "model.bin.index.json"
    index.write_text('{"weight_map": {"bn.running_mean": "a.bin", "bn.running_var": "b.bin"}}', encoding="utf-8")
    stderr = invoke("inspect", "checkpoint", index, "--verbose").stderr
    assert "torch.FloatStorage" in stderr
    assert "torch.DoubleStorage" in stderr


def test_a_file_without_layers_tells_its_names_before_the_error(tmp_path: Path) -> None:
    path = write_torch_zip(tmp_path / "a.pt", dictionary(x=tensor(), y=call("models.Net")))
    completed = invoke("inspect", "checkpoint", path, "--verbose")
    assert completed.exit_code == 3
    lines = completed.stderr.splitlines()
    assert "bncli:   models.Net" in lines
    assert lines.index("bncli:   models.Net") < next(at for at, line in enumerate(lines) if "error: " in line)
