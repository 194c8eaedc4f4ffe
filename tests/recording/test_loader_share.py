from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset

from bncli.errors import UserCodeFailed
from bncli.recording.loader_share import model_arguments, refuse_what_gives_no_batches, share_of

if TYPE_CHECKING:
    from collections.abc import Iterator

CPU = torch.device("cpu")


class Counting(Dataset[int]):
    def __init__(self) -> None:
        self.loaded: list[int] = []

    def __len__(self) -> int:
        return 11

    def __getitem__(self, index: int) -> int:
        self.loaded.append(index)
        return index


class Stream(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(range(11))


def dealt(make_loader: Any, size: int) -> list[list[int]]:
    """Return all batches in the order of the loader, put together from the shares."""
    shares = [[batch.tolist() for batch in share_of(make_loader(), rank, size)] for rank in range(size)]
    return [shares[number % size][number // size] for number in range(sum(map(len, shares)))]


def shuffled() -> DataLoader[int]:
    torch.manual_seed(3)
    return DataLoader(Counting(), 2, shuffle=True)


@pytest.mark.parametrize(
    "make_loader",
    [
        lambda: DataLoader(Counting(), 2),
        lambda: DataLoader(Counting(), 2, drop_last=True),
        lambda: DataLoader(Stream(), 2),
        lambda: [torch.tensor([number]) for number in range(7)],
        lambda: (torch.tensor([number]) for number in range(7)),
    ],
)
@pytest.mark.parametrize("size", [2, 3, 4])
def test_shares_together_are_the_batches_of_the_loader(make_loader: Any, size: int) -> None:
    assert dealt(make_loader, size) == [batch.tolist() for batch in make_loader()]


def test_a_shuffled_loader_is_dealt_out_in_one_order() -> None:
    shares = []
    for rank in range(2):
        loader = shuffled()
        torch.manual_seed(5)
        shares.append([batch.tolist() for batch in share_of(loader, rank, 2)])
    loader = shuffled()
    torch.manual_seed(5)
    assert [batch.tolist() for batch in loader][::2] == shares[0]


def test_only_samples_of_the_share_are_loaded() -> None:
    samples = Counting()
    list(share_of(DataLoader(samples, 2), 1, 3))
    assert samples.loaded == [2, 3, 8, 9]


def test_one_rank_takes_the_loader_as_it_is() -> None:
    loader = DataLoader(Counting(), 2)
    assert share_of(loader, 0, 1) is loader


def test_what_is_no_iterable_is_told() -> None:
    with pytest.raises(UserCodeFailed, match="--loader gave a value of type int"):
        refuse_what_gives_no_batches(7)
    refuse_what_gives_no_batches([7])


def test_batches_become_the_arguments_of_the_model() -> None:
    images, labels = torch.ones(2, 3), torch.ones(2, dtype=torch.int64)
    assert model_arguments(images, CPU, None) == ((images,), {})
    assert model_arguments((images, labels), CPU, None)[0][0] is images
    assert model_arguments([images], CPU, torch.float64)[0][0].dtype is torch.float64
    args, kwargs = model_arguments({"x": images, "mask": labels, "name": "a"}, CPU, torch.bfloat16)
    assert args == ()
    assert (kwargs["x"].dtype, kwargs["mask"].dtype, kwargs["name"]) == (torch.bfloat16, torch.int64, "a")
