"""Train, see the gap between the modes, find the momentum, calibrate: `python samples/examples/mend_digits.py`.

Read it from top to bottom; it runs in half a minute and needs scikit-learn. Cells begin with `# %%`, so that editors
can run it piece by piece.
"""

# %% A small network that reads digits, with one thing wrong: momentum 0.001, where the run has a hundred steps.
from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).parents[1]))
from digit_classifier import DigitClassifier

import bncli

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=2, help="passes through the training pictures")
parser.add_argument("--folder", type=Path, default=None, help="where files go; a temporary folder by default")
arguments = parser.parse_args()
folder: Path = arguments.folder or Path(mkdtemp(prefix="bncli-"))
folder.mkdir(parents=True, exist_ok=True)

bunch = load_digits()
images = torch.from_numpy(bunch.images).float().unsqueeze(1) / 16
labels = torch.from_numpy(bunch.target)
training, held_out = slice(0, 1500), slice(1500, None)

torch.manual_seed(0)
model = DigitClassifier()
for module in model.modules():
    if isinstance(module, nn.modules.batchnorm._BatchNorm):  # noqa: SLF001 - the class that all kinds share
        module.momentum = 0.001


def accuracy() -> float:
    """Return the share of held-out pictures that the model reads in the mode it is in."""
    with torch.no_grad():
        right = model(images[held_out]).argmax(dim=1) == labels[held_out]
    return right.double().mean().item()


def run(*words: object) -> None:
    """Run bncli as in a terminal, and show what it says."""
    print(f"\n$ bncli {' '.join(str(word) for word in words)}", flush=True)
    subprocess.run([sys.executable, "-m", "bncli", *map(str, words)], check=False)  # noqa: S603 - our own command


# %% Train it, and record what the layers see. The loop stays as it is.
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
with bncli.record(model, folder / "training.safetensors", force=True):
    for _ in range(arguments.epochs):
        for batch in torch.randperm(1500).split(32):
            optimizer.zero_grad()
            cross_entropy(model(images[training][batch]), labels[training][batch]).backward()
            optimizer.step()
torch.save(model.state_dict(), folder / "trained.pt")

# %% See the gap: in eval mode the layers use running statistics that have hardly left their start.
state = {name: values.clone() for name, values in model.state_dict().items()}
print(f"accuracy in train mode: {accuracy():.3f}")
model.load_state_dict(state)  # a forward pass in train mode moves the statistics
model.eval()
before = accuracy()
print(f"accuracy in eval mode:  {before:.3f}")

# %% Record the trained network once more, with fixed weights, and ask what is wrong.
model.train()
with torch.no_grad(), bncli.record(model, folder / "run.safetensors", force=True):
    for batch in torch.arange(1500).split(32):
        model(images[training][batch])
run("check", folder / "trained.pt", "--recording", folder / "run.safetensors", "--select", "BN4")

# %% Find the momentum: the run replayed, with the one that it had and with others.
run(
    *("simulate-momentum", folder / "training.safetensors", "--layer", "bn2"),
    *("--momentum", "0.001", "--momentum", "0.1"),
)

# %% Or take the statistics of the data themselves: nothing but running means and variances changes in the file.
run("calibrate", folder / "trained.pt", folder / "run.safetensors", "-o", folder / "calibrated.pt", "--force")

# %% Verify.
model.load_state_dict(torch.load(folder / "calibrated.pt"))
model.eval()
print(f"\naccuracy in eval mode, before: {before:.3f}")
print(f"accuracy in eval mode, after:  {accuracy():.3f}")
