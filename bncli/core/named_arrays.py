"""Named arrays: what every file format gives and every analysis reads; shapes first, bytes only when asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.generic[Any]]"
"""An array of any dtype, as a file stores it."""

SettingName = Literal["eps", "momentum"]

LayerFault = Literal["missing-statistic", "shape-mismatch", "element-type", "foreign-statistic"]
"""Why arrays that belong to a batch-normalization layer make none: one of the two statistics is not there, the shapes
contradict each other, values are not floating-point, or a statistic is of another framework's kind."""


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """One array of a file, before any of its bytes is read."""

    name: str
    """Dotted path inside the file, exactly as stored; the path of nested containers is part of it."""
    shape: tuple[int, ...]
    """Lengths of the axes; `()` for a scalar."""
    dtype: str
    """Stored element type: NumPy's name of it, or `bfloat16` or a `float8_*`, which NumPy lacks."""
    identity: Hashable | None = None
    """Where the bytes lie: arrays of equal identity are the same memory; `None` where the format shares none."""


@dataclass(frozen=True, slots=True)
class LayerHint:
    """What a file says about one layer beyond its arrays."""

    layer: str
    """Path of the layer, as in the names of its arrays."""
    class_name: str | None = None
    """Class or operator that the file names, such as `torch.nn.modules.batchnorm.BatchNorm2d`; `None` if none."""
    settings: Mapping[SettingName, float | None] = field(default_factory=dict)
    """The settings that the file holds, in our conventions; a `momentum` of `None` is the cumulative average."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Role (`running_mean`, ...) to array name, where the format tells it; empty where names tell."""
    training_mode: bool = False
    """Whether the file itself says that the layer normalizes with batch statistics, as an ONNX graph may."""
    producer_bias: str | None = None
    """Name of a bias that is added to the layer's input just before it and used for nothing else, where the file has a
    graph that tells; `None` where there is none, or nothing tells."""
    framework: str | None = None
    """Whose layer it is, where `roles` tells the arrays: a framework of the table of naming schemes."""
    is_tracking: bool = True
    """Whether updates move the running statistics; a whole module may say with track_running_stats that none does."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a file that could not be used, and why: never dropped silently."""

    name: str
    """Path of the array or layer."""
    reason: str
    """What is wrong with it, in a few words."""
    fault: LayerFault | None = None
    """Kind of what is wrong, where a batch-normalization layer is meant; `None` for everything else."""


class NamedArrays(ABC):
    """The arrays of one open file. A context manager: leaving it closes the file.

    Attributes:
        path: the file, as the user named it.
        format: the format's name, such as `torch-zip`.
        size_bytes: size of the file, or of all files of a directory.
        specs: every array by name, in the file's order. Names cost nothing; where the arrays lie in many files, looking
            one up may open the file that holds it. If it then turns out to be of no use, it is a name no longer, a
            `KeyError` like any other, and listed in `skipped`.
        hints: what the file says about its layers, by the layer's path.
        aliases: path of a container or array that is another one again, to the path under which `specs` lists it.
        skipped: what the file holds and this reader cannot use.
        without_layers: what the file says about why it holds no batch normalization; `None` where it says nothing.
        named_globals: classes and functions that the file names, if it is a pickle. None of them was looked up.
    """

    path: Path
    format: str
    size_bytes: int
    specs: Mapping[str, ArraySpec]
    hints: Mapping[str, LayerHint]
    aliases: Mapping[str, str]
    skipped: tuple[Skipped, ...]
    without_layers: str | None = None
    named_globals: frozenset[str] = frozenset()

    @property
    @abstractmethod
    def bytes_read(self) -> int:
        """Bytes that were read from the file up to now, headers included."""

    @abstractmethod
    def read(self, name: str) -> Array:
        """Return one whole array in its stored shape, C-contiguous and in native byte order.

        A dtype that NumPy lacks (`bfloat16`, `float8_*`) is widened to float32, which holds every value of it exactly.

        Raises:
            MalformedFile: the bytes are not there, or contradict the file's own description.
        """

    @abstractmethod
    def read_flat(self, name: str, start: int, stop: int) -> Array:
        """Return elements `start` to `stop` of one array, flattened in C order; dtypes as in `read`."""

    def take_back(self, values: Array) -> None:  # noqa: B027 - most readers have no use for it
        """Take an array that `read_flat` gave and no one needs any longer: its memory may serve later reads."""

    def is_shareable(self, name: str) -> bool:  # noqa: ARG002 - of most readers no array is
        """Return whether copies of this process may read parts of an array by `read_flat` at the same time."""
        return False

    @abstractmethod
    def position(self, name: str) -> int:
        """Return where the bytes of an array start in the file, so that many can be read in file order."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    def read_many(self, names: Iterable[str]) -> dict[str, Array]:
        """Return several whole arrays by name, read in the order in which they lie in the file."""
        return {name: self.read(name) for name in sorted(names, key=self.position)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
