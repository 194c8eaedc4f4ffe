"""The batches that one rank takes of a loader, and how a batch becomes the arguments of a model."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from bncli.errors import UserCodeFailed
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import device, dtype


@dataclass(frozen=True, slots=True)
class _EveryNth:
    """Batches of indices, of which one rank takes every n-th."""

    batches: Iterable[Any]
    first: int
    step: int

    def __iter__(self) -> Iterator[Any]:
        return islice(self.batches, self.first, None, self.step)

    def __len__(self) -> int:
        return len(range(self.first, len(self.batches), self.step))  # type: ignore[arg-type]


def refuse_what_gives_no_batches(loader: Any) -> None:
    """Raise an error if there is no way to iterate over a loader.

    Raises:
        UserCodeFailed: there is none.
    """
    if not hasattr(loader, "__iter__") and not hasattr(loader, "__getitem__"):
        raise UserCodeFailed(f"--loader gave a value of type {type(loader).__name__}, which is no iterable of batches")


def share_of(loader: Any, rank: int, size: int) -> Iterable[Any]:
    """Return the batches `rank`, `rank + size`, `rank + 2 size`, ... of a loader.

    Whole batches are dealt out, as DistributedSampler deals out samples: what a layer in train mode sees depends on all
    of its batch, so this keeps the statistics the same for any number of ranks. Of a `DataLoader` that knows its
    samples only those of the share are loaded; any other loader is run through, and the rest of it dropped.

    """
    from torch.utils.data import DataLoader, IterableDataset  # noqa: PLC0415

    if size == 1:
        whole: Iterable[Any] = loader
        return whole
    is_map_style = isinstance(loader, DataLoader) and not isinstance(loader.dataset, IterableDataset)
    if not is_map_style or loader.batch_sampler is None:
        return islice(loader, rank, None, size)
    return DataLoader(
        loader.dataset,
        batch_sampler=_EveryNth(loader.batch_sampler, rank, size),
        num_workers=loader.num_workers,
        collate_fn=loader.collate_fn,
        pin_memory=loader.pin_memory,
        timeout=loader.timeout,
        worker_init_fn=loader.worker_init_fn,
        multiprocessing_context=loader.multiprocessing_context,
        generator=loader.generator,
        prefetch_factor=loader.prefetch_factor,
        persistent_workers=loader.persistent_workers,
    )


def model_arguments(batch: Any, where: device, kind: dtype | None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return positional and keyword arguments of the model for one batch.

    Of a tuple or list the first part is taken, as `torch.optim.swa_utils.update_bn` does: the others are labels. A
    mapping gives keyword arguments. Tensors are moved to the device, and floating-point ones to the type.
    """
    if isinstance(batch, dict):
        return (), {name: _moved(value, where, kind) for name, value in batch.items()}
    if isinstance(batch, tuple | list) and batch:
        batch = batch[0]
    return (_moved(batch, where, kind),), {}


def _moved(value: Any, where: device, kind: dtype | None) -> Any:
    import torch  # noqa: PLC0415

    if not isinstance(value, torch.Tensor):
        return value
    return value.to(where, kind if value.is_floating_point() else None, non_blocking=True)
