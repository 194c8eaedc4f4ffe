"""Memory that a thread uses again and again: fresh memory costs more, by page faults, than the passes over it."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


class _Memory(threading.local):
    def __init__(self) -> None:
        self.by_purpose: dict[str, NDArray[np.uint8]] = {}


_MEMORY = _Memory()


def reused(purpose: str, shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """Return an uninitialized array, which lasts until the same thread asks for the same purpose again."""
    element = np.dtype(dtype)
    needed = math.prod(shape) * element.itemsize
    memory = _MEMORY.by_purpose.get(purpose)
    if memory is None or len(memory) < needed:
        memory = _MEMORY.by_purpose[purpose] = np.empty(needed, np.uint8)
    return memory[:needed].view(element).reshape(shape)
