"""A recording that is open for reading, whether it was completed or cut off."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from bncli.errors import InputNotFound, MalformedFile, near_miss
from bncli.recording.json_fields import MOST_LAYERS
from bncli.recording.sound_rows import require_sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bncli.core.recorded_layer import RecordedLayer

_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What Python raises when bytes contradict the structure that is expected of them."""


class OpenedRecording(ABC):
    """The layers of a recording, read one at a time. A context manager: leaving it closes the file.

    Attributes:
        path: the file.
        provenance: what was recorded, with which versions and options.
        is_complete: whether the recording reached its end; if not, rows up to the last flush are there.
        num_steps: forward passes of the model.
        layer_names: every layer that a batch passed through, in the order in which it first did.
    """

    path: Path
    provenance: Mapping[str, Any]
    is_complete: bool
    num_steps: int
    layer_names: tuple[str, ...]

    def layer(self, name: str) -> RecordedLayer:
        """Return everything that is recorded of one layer.

        Raises:
            InputNotFound: the recording has no such layer.
            MalformedFile: the file breaks the rules of recordings.
        """
        if name not in self._indices:
            raise InputNotFound(f"{self.path}: no layer {name!r}", hint=near_miss(name, self.layer_names))
        with told_as_malformed(self.path):
            layer = self._read_layer(self._indices[name])
            require_sound(layer.rows)
            return layer

    def layers(self) -> Iterator[RecordedLayer]:
        """Yield every layer, in memory one at a time."""
        for name in self.layer_names:
            yield self.layer(name)

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.layer_names)}

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    @abstractmethod
    def _read_layer(self, index: int) -> RecordedLayer:
        """Return the layer of the given index; any fault of the file may be raised as it comes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def require_distinct(names: Sequence[str]) -> None:
    """Refuse names of layers of which two are the same, or that are more than any model has.

    Raises:
        ValueError: they are such names.
    """
    if len(names) > MOST_LAYERS:
        raise ValueError(f"it has {len(names)} layers, and at most {MOST_LAYERS} are read")
    if len(set(names)) < len(names):
        raise ValueError("two of its layers have the same name")


@contextmanager
def told_as_malformed(path: Path) -> Iterator[None]:
    """Turn what a broken file makes Python raise into one line that names the file."""
    try:
        yield
    except _FAULTS as fault:
        reason = str(fault).partition("\n")[0] or type(fault).__name__
        raise MalformedFile(f"{path}: broken as a recording: {reason}") from fault
