"""The device on which torch computes, from the name that the user gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.errors import InvalidUsage

if TYPE_CHECKING:
    from torch import device


def torch_device(name: str, default_gpu: int = 0) -> device:
    """Return the device of a name.

    Args:
        name: `cpu`, `cuda` or `cuda:N`.
        default_gpu: N for plain `cuda`.

    Raises:
        InvalidUsage: there is no such device, or none that computes in float64.
    """
    import torch  # noqa: PLC0415

    wrong = f"--device is {name!r}: give cpu, cuda or cuda:N"
    try:
        where = torch.device(name)
    except RuntimeError as error:
        raise InvalidUsage(wrong) from error
    if where.type == "cpu":
        return where
    if where.type != "cuda":
        raise InvalidUsage(wrong)
    number = where.index if ":" in name else default_gpu
    if number >= torch.cuda.device_count():
        raise InvalidUsage(f"--device is {name}: this torch finds no such device", hint="leave it out to use the CPU")
    return torch.device("cuda", number)
