"""Times `bncli normalize`, file to file, beside cp, a NumPy script and a torch script.

python -m benchmarks.normalize --megabytes 26 206 --cases float32-nchw-train float16-nchw-train
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.paired_runs import paired_runs

NUMPY_SCRIPT = """
import sys, numpy as np
source, target, mode, axis = sys.argv[1:]
x = np.load(source)
axes = tuple(a for a in range(x.ndim) if a != int(axis) % x.ndim)
if mode == "train":
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
else:
    mean, var = x.dtype.type(0), x.dtype.type(1)
np.save(target, (x - mean) / np.sqrt(var + x.dtype.type(1e-5)))
"""
TORCH_SCRIPT = """
import sys, numpy as np, torch
source, target, mode, axis = sys.argv[1:]
x = torch.from_numpy(np.load(source)).movedim(int(axis), 1)
running = (torch.zeros(x.shape[1]), torch.ones(x.shape[1]))
y = torch.nn.functional.batch_norm(x, *running, training=mode == "train")
np.save(target, y.movedim(1, int(axis)).numpy())
"""
SHAPES = {"nchw": (64, 112, 112), "nhwc": (112, 112, 64), "nc": (256,)}
CASES = (
    "float32-nchw-train",
    "float32-nchw-eval",
    "float32-nhwc-train",
    "float32-nc-train",
    "float16-nchw-train",
)


def make_input(path: Path, dtype: str, sample: tuple[int, ...], megabytes: int) -> None:
    """Write about so many megabytes of normal values."""
    count = max(2, round(megabytes * 1e6 / math.prod(sample) / np.dtype(dtype).itemsize))
    values = np.random.default_rng(0).standard_normal(1 << 22, dtype=np.float32).astype(dtype)
    left = count * math.prod(sample)
    with path.open("wb") as file:
        header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (count, *sample)}
        np.lib.format.write_array_header_1_0(file, header)
        while left:
            file.write(values[:left].data)
            left -= min(left, len(values))


def commands(source: Path, target: Path, mode: str, axis: str, compared: list[str]) -> dict[str, list[str]]:
    """Return the command lines to compare, by name."""
    arguments = [str(source), str(target), mode, axis]
    bncli = [sys.executable, "-m", "bncli", "normalize", str(source), "--save", str(target)]
    offered = {
        "cp": ["cp", str(source), str(target)],
        "bncli": [*bncli, "--mode", mode, "--channel-axis", axis],
        "numpy": [sys.executable, "-c", NUMPY_SCRIPT, *arguments],
        "torch": [sys.executable, "-c", TORCH_SCRIPT, *arguments],
    }
    return {name: command for name, command in offered.items() if name in {"cp", "bncli", *compared}}


def main() -> None:
    """Print one line for each size and case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[2, 26, 206])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES)
    parser.add_argument("--compare", nargs="*", choices=["numpy", "torch"], default=["numpy", "torch"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", default=None, help="where the arrays are written")
    options = parser.parse_args()
    print(
        "| case | MB | cp s | bncli s (MiB) | / cp | " + "".join(f"{n} s (MiB) | / bncli | " for n in options.compare)
    )
    print("|---|" + "---|" * (4 + 2 * len(options.compare)))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        source, target = Path(folder, "x.npy"), Path(folder, "y.npy")
        for case in options.cases:
            dtype, layout, mode = case.split("-")
            for megabytes in options.megabytes:
                make_input(source, dtype, SHAPES[layout], megabytes)
                axis = "-1" if layout == "nhwc" else "1"
                timings = paired_runs(commands(source, target, mode, axis, options.compare), options.rounds, target)
                ours, copy = timings["bncli"], timings["cp"].seconds
                cells = [case, str(megabytes), f"{copy:.3f}", f"{ours.seconds:.3f} ({ours.peak_mib:.0f})"]
                cells.append(f"{ours.seconds / copy:.2f}")
                for name in options.compare:
                    other = timings[name]
                    cells += [f"{other.seconds:.3f} ({other.peak_mib:.0f})", f"{other.seconds / ours.seconds:.1f}"]
                print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
