from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

from bncli.recording.bare_batch import bare_batch, outside_transforms

if TYPE_CHECKING:
    from collections.abc import Callable

X = torch.arange(6.0).reshape(2, 3)


def seen(x: Tensor) -> tuple[Tensor | None, bool]:
    """Return what is beneath the wrappers of `x`, and whether what is computed of it has values."""
    with outside_transforms():
        bare = bare_batch(x)
        return bare, bare is not None and (bare.double() * 2).numpy().tolist() == (X * 2).tolist()


@pytest.mark.parametrize("num_levels", [0, 1, 2, 3])
def test_the_wrappers_of_derivatives_are_taken_off_and_the_values_are_not_copied(num_levels: int) -> None:
    found: list[tuple[Tensor | None, bool]] = []

    def function(x: Tensor) -> Tensor:
        found.append(seen(x))
        return (x * x).sum()

    def summed_derivative(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda x: torch.func.grad(function)(x).sum()

    for _ in range(num_levels):
        function = summed_derivative(function)
    function(X)
    ((bare, has_values),) = found
    assert has_values
    assert bare is not None
    assert bare.data_ptr() == X.data_ptr()


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # by torch, at the first forward derivative
def test_neither_history_nor_tangent_is_kept() -> None:
    found: list[tuple[Tensor | None, bool]] = []
    torch.func.jvp(lambda x: found.append(seen(x)) or x, (X,), (torch.ones_like(X),))
    found.append(seen(X.clone().requires_grad_() * 1))
    with torch.autograd.forward_ad.dual_level():
        found.append(seen(torch.autograd.forward_ad.make_dual(X, torch.ones_like(X))))
        assert torch.autograd.forward_ad.unpack_dual(found[-1][0]).tangent is None
    assert [has_values for _, has_values in found] == [True, True, True]
    assert not any(bare.requires_grad for bare, _ in found if bare is not None)


@pytest.mark.parametrize("inner", [lambda x: x, torch.func.grad(lambda x: x.sum())], ids=["values", "gradients"])
def test_one_of_many_batches_at_once_has_no_values_of_its_own(inner: Callable[[Tensor], Tensor]) -> None:
    found: list[tuple[Tensor | None, bool]] = []
    torch.func.vmap(lambda x: inner(x) * (found.append(seen(x)) or 1))(X)
    torch.func.vmap(torch.func.grad(lambda x: (found.append(seen(x)) or x).sum()))(X)
    assert found == [(None, False), (None, False)]
