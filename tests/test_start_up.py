from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[1] / "samples"

RUN_AND_LIST_IMPORTS = """
import json, pathlib, sys
listing = pathlib.Path(sys.argv.pop(1))
from bncli.__main__ import main
try:
    code = main()
except SystemExit as exit:
    code = exit.code
listing.write_text(json.dumps(sorted(sys.modules)))
sys.exit(code)
"""

COMMANDS = [
    "--version",
    "--help",
    "normalize --help",
    "inspect checkpoint digits.pt",
    "inspect checkpoint digits_legacy.pth",
    "inspect checkpoint digits_module.pt --format json",
    "inspect checkpoint digits.safetensors --layer bn2 --channels",
    "inspect tensor activations_bfloat16.safetensors",
    "normalize input_a.npy",
    "normalize activations_1.npy --checkpoint digits.pt --layer bn2 --compare",
    "simulate-momentum input_a.npy input_b.npy --momentum 0.1",
    "check digits.pt digits_ema.pt --target fp16 --target int8",
    "rule BN301",
    "diff digits_legacy.pth digits.safetensors --exit-code",
    "trend digits_epoch_1.pt digits_epoch_2.pt digits.pt",
]


def modules_imported_by(arguments: str, listing: Path) -> set[str]:
    """Run bncli on the samples in a process of its own, and return the modules that it imported."""
    command = [sys.executable, "-c", RUN_AND_LIST_IMPORTS, listing, *arguments.split()]
    completed = subprocess.run(command, cwd=SAMPLES, check=False, capture_output=True, encoding="utf-8")
    assert completed.returncode == 0, completed.stderr
    return set(json.loads(listing.read_text(encoding="utf-8")))


def packages_imported_by(arguments: str, listing: Path) -> set[str]:
    """Run bncli as `modules_imported_by`, and return the top-level packages."""
    return {name.partition(".")[0] for name in modules_imported_by(arguments, listing)}


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_command_that_needs_no_torch_never_imports_it(arguments: str, tmp_path: Path) -> None:
    assert "torch" not in packages_imported_by(arguments, tmp_path / "listing.json")


def test_a_check_without_a_recording_imports_no_reader_but_that_of_its_file(tmp_path: Path) -> None:
    modules = modules_imported_by("check digits.safetensors", tmp_path / "listing.json")
    assert not {"bncli.formats.torch_zip", "bncli.formats.rewriting"} & modules


def test_a_demo_is_written_without_torch(tmp_path: Path) -> None:
    assert "torch" not in packages_imported_by(f"demo {tmp_path / 'demo'}", tmp_path / "listing.json")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_no_numpy(option: str, tmp_path: Path) -> None:
    assert "numpy" not in packages_imported_by(option, tmp_path / "listing.json")


def test_the_probe_sees_torch_where_a_command_does_use_it(tmp_path: Path) -> None:
    assert "torch" in packages_imported_by("normalize input_a.npy --backend torch", tmp_path / "listing.json")


@pytest.mark.parametrize(
    "arguments",
    [
        "inspect checkpoint digits.pt",
        "check digits.pt --recording digits_run.safetensors --fail-on never",
        "diff digits_legacy.pth digits.safetensors",
        "trend digits_epoch_1.pt digits_epoch_2.pt digits.pt",
        "normalize input_a.npy --compare",
        "simulate-momentum --steps 100",
        "calibrate digits.pt digits_run.safetensors --force -o {folder}/new.pt",
    ],
)
def test_masked_arrays_which_nothing_uses_are_not_imported(arguments: str, tmp_path: Path) -> None:
    """`np.median`, `np.unique` and `np.union1d` import them: 14 ms of a run of 120."""
    assert "numpy.ma" not in modules_imported_by(arguments.format(folder=tmp_path), tmp_path / "listing.json")


def test_a_file_costs_the_import_of_no_other_format_and_no_other_renderer(tmp_path: Path) -> None:
    modules = modules_imported_by("inspect checkpoint digits.safetensors", tmp_path / "listing.json")
    assert {"bncli.formats.safetensors", "bncli.renderers.terminal"} <= modules
    superfluous = {
        "bncli.formats.torch_zip", "bncli.formats.onnx", "bncli.formats.remote.web_ranges", "bncli.renderers.html_page",
        "bncli.renderers.plot", "bncli.analysis.momentum_study", "numpy.ma", "http.client", "secrets", "tempfile",
    }  # fmt: skip
    # Newer releases of typer import some of these for themselves, whatever the command.
    of_any_command = {
        name for name in modules_imported_by("rule BN301", tmp_path / "listing.json") if not name.startswith("bncli")
    }
    assert (modules - of_any_command) & superfluous == set()


def test_a_zip_costs_the_import_of_no_format_of_other_files_of_no_other_renderer_and_no_other_command(
    tmp_path: Path,
) -> None:
    modules = modules_imported_by("inspect checkpoint digits.pt --format json", tmp_path / "listing.json")
    assert {"bncli.formats.torch_zip", "bncli.renderers.json_document", "bncli.cli.inspect_checkpoint"} <= modules
    superfluous = {
        "bncli.formats.numpy_array", "bncli.formats.safetensors", "bncli.renderers.terminal", "bncli.cli.check",
        "bncli.cli.inspect_tensor", "bncli.core.complement",
    }  # fmt: skip
    assert modules & superfluous == set()
