from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bncli.cli.kept_inputs import require_apart, require_two_files
from bncli.errors import InvalidUsage
from tests.helpers.invoke import ROOT, invoke

SAMPLES = ("digits.pt", "digits_ema.pt", "digits_run.safetensors", "input_a.npy", "input_b.npy")


def test_an_input_is_known_by_any_of_its_names(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    (tmp_path / "soft").symlink_to(path)
    (tmp_path / "hard").hardlink_to(path)
    for name in ("a", "soft", "hard", "../" + tmp_path.name + "/a"):
        with pytest.raises(InvalidUsage, match="--output .*: is an input, and inputs are never changed"):
            require_apart("--output", tmp_path / name, (None, path))


def test_other_files_and_none_are_no_inputs(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b").write_bytes(b"x")
    for name in ("b", "missing", "n" * 300, "nul\0", ""):
        require_apart("--output", tmp_path / name, (None, tmp_path / "a", tmp_path / name / "deeper"))


@pytest.mark.parametrize(
    "words",
    [
        "inspect checkpoint digits.pt -o digits.pt",
        "inspect tensor input_a.npy -o input_a.npy",
        "normalize input_a.npy -o input_a.npy",
        "normalize input_a.npy --running-mean input_b.npy --save input_b.npy",
        "normalize input_a.npy --checkpoint digits.pt --layer bn1 -o digits.pt",
        "simulate-momentum input_a.npy input_b.npy -o input_b.npy",
        "simulate-momentum --checkpoint digits.pt --layer bn1 -o digits.pt",
        "check digits.pt digits_ema.pt -o digits_ema.pt",
        "check digits.pt --recording digits_run.safetensors -o digits_run.safetensors",
        "check digits.pt --write-baseline digits.pt",
        "diff digits.pt digits_ema.pt -o digits.pt",
        "trend digits.pt digits_ema.pt -o digits_ema.pt",
        "calibrate digits.pt digits_run.safetensors -o digits.pt",
        "check digits.pt --baseline known.json -o known.json",
        "record --model a:model --loader a:loader --weights digits.pt -o digits.pt",
        "record --model program.pt --loader a:loader -o program.pt",
        "record --model a:model --loader a:loader --weights run.part -o run",
    ],
)
def test_no_command_writes_over_its_inputs(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SAMPLES:
        shutil.copy(ROOT / "samples" / name, tmp_path)
    for name in ("known.json", "program.pt", "run.part"):
        (tmp_path / name).write_bytes(b"x")
    before = contents(tmp_path)
    monkeypatch.chdir(tmp_path)
    answer = invoke(*words.split(), "--force")
    assert (answer.exit_code, "is an input, and inputs are never changed" in answer.stderr) == (2, True)
    assert contents(tmp_path) == before


def test_what_the_project_names_is_an_input_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "samples" / "digits.pt", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.bncli]\nbaseline = "known.json"\n')
    (tmp_path / "known.json").write_text('{"findings": []}')
    before = contents(tmp_path)
    for name in ("known.json", "pyproject.toml"):
        answer = invoke("check", "digits.pt", "-o", name, "--force")
        assert (answer.exit_code, "is an input" in answer.stderr) == (2, True)
    assert contents(tmp_path) == before


def test_a_baseline_can_be_brought_up_to_date(tmp_path: Path) -> None:
    baseline = tmp_path / "known.json"
    arguments = ("check", ROOT / "samples" / "digits.pt", "--write-baseline", baseline)
    assert invoke(*arguments).exit_code == 0
    assert invoke(*arguments, "--baseline", baseline, "--force").exit_code == 0


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_output_is_known_before_it_exists_and_through_links(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    for one, other in (("new", f"../{tmp_path.name}/new"), ("there", "link")):
        with pytest.raises(InvalidUsage, match="--save .*: is the file of --output too"):
            require_two_files("--save", tmp_path / one, "--output", tmp_path / other)


def test_other_outputs_devices_and_none_are_left_alone(tmp_path: Path) -> None:
    for other in (None, tmp_path / "b", tmp_path / "nul\0", tmp_path / ("n" * 300)):
        require_two_files("--save", tmp_path / "a", "--output", other)
    require_two_files("--save", Path("/dev/null"), "--output", Path("/dev/null"))


@pytest.mark.parametrize(
    "words",
    ["normalize input_a.npy --save y.npy -f csv -o y.npy", "check digits.pt --write-baseline a.json -o a.json"],
)
def test_no_command_writes_two_outputs_to_one_file(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SAMPLES:
        shutil.copy(ROOT / "samples" / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    answer = invoke(*words.split(), "--force")
    assert (answer.exit_code, "too" in answer.stderr) == (2, True)
    assert {path.name for path in tmp_path.iterdir()} == set(SAMPLES)
