"""Reads the batch normalization of a large checkpoint in every format, with bncli and with what one would do without.

python -m benchmarks.checkpoints --size 1000000000

Each program runs as a process of its own, in turn with the others: once with the file not cached, for the bytes from
the disk, then several times with it cached, for the time and the memory. Nothing large may be imported here, for a new
process starts with its parent's peak of memory; the files are written by processes of their own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.cold_read import bytes_from_disk
from benchmarks.paired_runs import paired_runs

PYTHON = [sys.executable, "-W", "ignore"]

_TORCH_LOAD = """import torch
state = torch.load(path, weights_only=True{})
"""
_PICK_STATE = """
bn = {name: values.numpy() for name, values in state.items() if ".bn." in name}
"""
_PICK_SAFE = """
with safe_open(path, framework="np") as file:
    bn = {name: file.get_tensor(name) for name in file.keys() if ".bn." in name}
"""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to get at the arrays of the layers without bncli."""

    name: str
    package: str
    """What has to be installed."""
    code: str
    """Python, with the file as `path`."""


WAYS = {
    "torch-zip": (
        Way("torch.load, mmap", "torch", _TORCH_LOAD.format(", mmap=True") + _PICK_STATE),
        Way("torch.load", "torch", _TORCH_LOAD.format("") + _PICK_STATE),
    ),
    "torch-legacy": (Way("torch.load", "torch", _TORCH_LOAD.format("") + _PICK_STATE),),
    "dcp": (
        Way(
            "dcp.load of the layers",
            "torch",
            "import torch, torch.distributed.checkpoint as dcp\n"
            "from torch.distributed.checkpoint import FileSystemReader\n"
            "known = FileSystemReader(path).read_metadata().state_dict_metadata\n"
            "state = {name: torch.empty(known[name].size) for name in known if '.bn.' in name}\n"
            "dcp.load(state, checkpoint_id=path, no_dist=True)" + _PICK_STATE,
        ),
    ),
    "safetensors": (
        Way("safe_open", "safetensors", "from safetensors import safe_open" + _PICK_SAFE),
        Way(
            "load_file",
            "safetensors",
            "from safetensors.numpy import load_file\nstate = load_file(path)\n"
            "bn = {name: values for name, values in state.items() if '.bn.' in name}",
        ),
    ),
    "safetensors-index": (
        Way(
            "safe_open of each file",
            "safetensors",
            "import json, os\nfrom safetensors import safe_open\nfolder = os.path.dirname(path)\n"
            "for name in sorted(set(json.load(open(path))['weight_map'].values())):\n"
            "    path = os.path.join(folder, name)" + _PICK_SAFE.replace("\n", "\n    "),
        ),
    ),
    "npz": (
        Way(
            "numpy.load",
            "numpy",
            "import numpy\nwith numpy.load(path) as file:\n"
            "    bn = {name: file[name] for name in file if '.bn.' in name}",
        ),
    ),
    "pickle": (
        Way("pickle.load", "numpy", "import pickle\nstate = pickle.load(open(path, 'rb'))"),
    ),
    "onnx": (
        Way(
            "onnx.load",
            "onnx",
            "import onnx\nmodel = onnx.load(path)\n"
            "bn = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer if '.bn.' in t.name}",
        ),
    ),
    "keras-hdf5": (
        Way(
            "h5py by hand",
            "h5py",
            "import h5py\nbn = {}\ndef pick(name, found):\n"
            "    if isinstance(found, h5py.Dataset) and name.startswith('bn_'):\n        bn[name] = found[()]\n"
            "with h5py.File(path) as file:\n    file.visititems(pick)",
        ),
    ),
    "keras-zip": (
        Way(
            "keras.saving.load_model",
            "keras",
            "import keras, os\nos.symlink(path, path + '.keras')\n"
            "try:\n    model = keras.saving.load_model(path + '.keras')\nfinally:\n    os.remove(path + '.keras')\n"
            "bn = [x.get_weights() for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]",
        ),
    ),
}  # fmt: skip


def compare(format_name: str, path: Path, rounds: int) -> list[str]:
    """Return the rows of the table for a file: what each way of reading it costs, bncli first."""
    commands = {"bncli": [*PYTHON, "-m", "bncli", "inspect", "checkpoint", str(path), "--format", "json"]}
    for way in WAYS[format_name]:
        if find_spec(way.package) is not None:
            code = f"import sys\npath = sys.argv[1]\n{way.code}"
            commands[way.name] = [*PYTHON, "-c", code, str(path)]
    files = [file for file in path.parent.rglob("*") if file.is_file()]
    disk = {name: bytes_from_disk(command, files) / 1e6 for name, command in commands.items()}
    timings = paired_runs(commands, rounds)
    return [
        f"| {format_name} | {name} | {timing.seconds:.2f} | {timing.seconds / timings['bncli'].seconds:.1f} "
        f"| {timing.peak_mib:.0f} | {disk[name]:.1f} |"
        for name, timing in timings.items()
    ]


def main() -> None:
    """Write and read one file after the other, and print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1_000_000_000, help="bytes of each checkpoint")
    parser.add_argument("--rounds", type=int, default=5, help="how often each program runs")
    parser.add_argument("--format", action="append", choices=list(WAYS), help="only this format; may be repeated")
    parser.add_argument("--folder", type=Path, help="where the files are made and deleted again, on a disk")
    options = parser.parse_args()
    print("| format | read with | time, s | times bncli | peak memory, MiB | from the disk, MB |")
    print("|---|---|---:|---:|---:|---:|")
    for format_name in options.format or WAYS:
        if not any(find_spec(way.package) for way in WAYS[format_name]):
            continue
        with tempfile.TemporaryDirectory(prefix="bncli-benchmark-", dir=options.folder) as folder:
            path = Path(folder) / "checkpoint"
            writer = [*PYTHON, "-m", "benchmarks.checkpoint_writers", format_name, str(path), str(options.size)]
            subprocess.run(writer, check=True)
            for row in compare(format_name, path, options.rounds):
                print(row, flush=True)


if __name__ == "__main__":
    main()
