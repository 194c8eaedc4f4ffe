from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import torch

from bncli.cli.record import EXAMPLES
from bncli.recording.opening import open_recording
from tests.helpers.invoke import ROOT, invoke
from tests.helpers.json_output import json_of
from tests.helpers.recordings import pictures, small_network

if TYPE_CHECKING:
    from pathlib import Path

FACTORIES = ("--model", "tests.helpers.recordings:small_network", "--loader", "tests.helpers.recordings:pictures")

TASK = """
import os, signal, torch
from tests.helpers.recordings import pictures, small_network

def dying_loader():
    for number, batch in enumerate(pictures(40)):
        if number == 20 and os.environ["RANK"] == "1":
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch

def many_pictures():
    return pictures(21)

def network_of_a_group():
    torch.distributed.init_process_group("cpu:gloo,cuda:gloo")
    assert torch.distributed.get_world_size() == 2
    return torch.nn.parallel.DistributedDataParallel(small_network())
"""


@pytest.fixture(autouse=True)
def in_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_a_model_and_a_loader_make_a_recording(tmp_path: Path) -> None:
    document = json_of("record", *FACTORIES, "-o", tmp_path / "run")
    assert (document["num_steps"], [layer["name"] for layer in document["layers"]]) == (3, ["1", "5"])
    assert document["layers"][0]["values_per_batch"] == {"min": 80, "max": 80}
    with open_recording(tmp_path / "run") as recording:
        assert recording.provenance["model"] == "tests.helpers.recordings:small_network"


def test_the_same_run_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert invoke("record", *FACTORIES, "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_weights_steps_and_modes_are_taken(tmp_path: Path) -> None:
    model = small_network()
    model[1].running_mean.fill_(9)
    torch.save(model.state_dict(), tmp_path / "w.pt")
    options = ("--weights", tmp_path / "w.pt", "--steps", 2, "--bn-mode", "eval", "--dtype", "float64", "--train-all")
    document = json_of("record", *FACTORIES, *options, "-o", tmp_path / "run")
    assert (document["num_steps"], document["layers"][0]["num_training"]) == (2, 0)
    with open_recording(tmp_path / "run") as recording:
        start = recording.layer("1").start
        assert start is not None
        assert start.mean.tolist() == [9, 9, 9, 9]


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_what_the_users_code_prints_is_not_part_of_the_result(unbuffered: str, tmp_path: Path) -> None:
    (tmp_path / "talkative.py").write_text(
        """
import ctypes, os, sys
from tests.helpers.recordings import pictures, small_network
print("import speaks", flush=True)
def model():
    os.system("echo shell speaks")
    return small_network()
def loader():
    for batch in pictures():
        print("loader speaks")
        sys.__stdout__.write("stream speaks\\n")
        ctypes.CDLL(None).printf(b"library speaks\\n")
        yield batch
"""
    )
    arguments = ("record", "--model", "talkative:model", "--loader", "talkative:loader", "-o", str(tmp_path / "run"))
    completed = subprocess.run(
        [sys.executable, "-m", "bncli", *arguments, "--format", "json"],
        capture_output=True,
        check=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "PYTHONUNBUFFERED": unbuffered},
    )
    assert json.loads(completed.stdout)["num_steps"] == 3
    said = completed.stderr.splitlines()
    assert said[:2] == ["import speaks", "shell speaks"]
    assert Counter(said[2:]) == {"loader speaks": 3, "stream speaks": 3, "library speaks": 3}


def test_a_program_needs_no_code_of_its_own(tmp_path: Path) -> None:
    exported = torch.export.export(small_network().eval(), (pictures(1)[0],))
    torch.export.save(exported, tmp_path / "model.pt2")
    arguments = ("--model", tmp_path / "model.pt2", "--loader", "tests.helpers.recordings:pictures")
    assert json_of("record", *arguments, "-o", tmp_path / "run")["layers"][1]["name"] == "5"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--bn-mode", "both"], 2, "unknown --bn-mode 'both'"),
        (["--dtype", "float8"], 2, "unknown dtype 'float8'"),
        (["--device", "tpu9"], 2, "--device is 'tpu9'"),
        (["--weights", "missing.pt"], 3, "--weights missing.pt: no such file"),
        (["-o", "no/such/folder"], 4, f"there is no folder {ROOT}/no/such"),
    ],
)
def test_options_that_cannot_work_are_told_in_one_line(
    options: list[str], code: int, words: str, tmp_path: Path
) -> None:
    answer = invoke("record", *FACTORIES, "-o", tmp_path / "run", *options)
    assert (answer.exit_code, words in answer.stderr, answer.stdout) == (code, True, "")
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_layers_is_told(tmp_path: Path) -> None:
    answer = invoke("record", "--model", "torch.nn:Identity", *FACTORIES[2:], "-o", tmp_path / "run")
    assert (answer.exit_code, "has no batch-normalization layer" in answer.stderr) == (3, True)


def test_a_loader_that_raises_leaves_what_was_recorded(tmp_path: Path) -> None:
    arguments = (*FACTORIES[:3], "tests.helpers.recordings:failing_batches", "-o", tmp_path / "run")
    answer = invoke("record", *arguments)
    assert (answer.exit_code, answer.stdout) == (3, "")
    assert "bncli: error: batch 2: RuntimeError" in answer.stderr
    assert "stays in the .part file" in answer.stderr


def test_a_loader_whose_length_raises_is_gone_through_all_the_same(tmp_path: Path) -> None:
    arguments = (*FACTORIES[:3], "tests.helpers.recordings:PicturesOfUnknownNumber", "-o", tmp_path / "run")
    assert json_of("record", *arguments)["num_steps"] == 3


def test_the_help_says_that_it_runs_code_of_the_users() -> None:
    assert "This command imports and runs your own code" in invoke("record", "--help").stdout


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.startswith("bncli")])
def test_an_example_of_the_help_works(example: str, tmp_path: Path) -> None:
    words = [str(tmp_path / "run") if word.endswith("run.safetensors") else word for word in example.split()[1:]]
    answer = invoke(*words)
    assert (answer.exit_code, answer.stderr) == (0, "")


def torchrun(
    size: int, folder: Path, loader: str, output: Path, model: str = "small_network"
) -> subprocess.CompletedProcess[str]:
    (folder / "task.py").write_text(TASK)
    return subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={size}"),
            *("-m", "bncli", "record", "--model", f"task:{model}", "--loader", f"task:{loader}"),
            *("--timeout", "30", "-o", str(output)),
        ],
        check=False, capture_output=True, encoding="utf-8", cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
    )  # fmt: skip


def test_ranks_of_torchrun_make_the_bytes_of_one_process(tmp_path: Path) -> None:
    digests = set()
    for size in (1, 2):
        completed = torchrun(size, tmp_path, "many_pictures", tmp_path / f"run{size}")
        assert completed.returncode == 0, completed.stderr
        assert completed.stdout.count("written") == 1
        digests.add(hashlib.sha256((tmp_path / f"run{size}").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_default_group_of_the_users_stands_beside_that_of_the_recording(tmp_path: Path) -> None:
    recordings = {}
    for model in ("small_network", "network_of_a_group"):
        completed = torchrun(2, tmp_path, "many_pictures", tmp_path / model, model)
        assert completed.returncode == 0, completed.stderr
        with open_recording(tmp_path / model) as recording:
            recordings[model] = [(layer.name, layer.rows.mean.tobytes()) for layer in recording.layers()]
    assert recordings["network_of_a_group"] == recordings["small_network"]


def test_a_rank_that_dies_ends_the_run_and_leaves_what_was_flushed(tmp_path: Path) -> None:
    completed = torchrun(2, tmp_path, "dying_loader", tmp_path / "run")
    assert completed.returncode != 0
    assert not (tmp_path / "run").exists()
    with open_recording(tmp_path / "run.part") as recording:
        assert (recording.is_complete, recording.num_steps) == (False, 16)
