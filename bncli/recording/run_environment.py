"""What a run of the user's model stands on: device, element type, threads and seeds."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.backends.torch_device import torch_device
from bncli.errors import InvalidUsage

if TYPE_CHECKING:
    from torch import device, dtype


def environment_number(name: str, default: int) -> int:
    """Return the number in a variable that torchrun sets; the default without torchrun.

    Raises:
        InvalidUsage: the variable holds something else.
    """
    text = os.environ.get(name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise InvalidUsage(
            f"the environment variable {name} is {text!r}, and not a number as of torchrun", hint=f"unset {name}"
        ) from error


def choose_device(name: str) -> device:
    """Return the device of a name; under torchrun `cuda` is the one of this process.

    Raises:
        InvalidUsage: there is no such device, or none that computes in float64.
    """
    return torch_device(name, default_gpu=environment_number("LOCAL_RANK", 0))


def torch_dtype(name: str) -> dtype:
    """Return torch's type of a name, such as `bfloat16`."""
    import torch  # noqa: PLC0415

    found: dtype = getattr(torch, name)
    return found


def share_cores(num_ranks: int) -> None:
    """Give each of several ranks one thread, as torchrun does, unless the environment says how many."""
    import torch  # noqa: PLC0415

    if num_ranks > 1 and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)


def seed_everything(seed: int) -> None:
    """Make what the user's code draws the same on every rank and in every run."""
    import torch  # noqa: PLC0415

    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - it is the user's code that may draw from it
