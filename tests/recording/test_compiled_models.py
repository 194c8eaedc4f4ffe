from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from bncli.errors import InvalidUsage
from bncli.recording.compiled_models import run_eagerly


def compiled_and_calls() -> tuple[nn.Module, list[int]]:
    calls: list[int] = []

    class Counting(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if not torch.compiler.is_compiling():
                calls.append(1)
            return x + 1

    return torch.compile(Counting(), backend="eager"), calls


def test_a_compiled_model_runs_uncompiled_in_the_block_and_compiled_after_it() -> None:
    model, calls = compiled_and_calls()
    model(torch.ones(2))
    before = len(calls)
    with run_eagerly(model, may_compile_later=False):
        model(torch.ones(2))
    assert len(calls) == before + 1
    model(torch.ones(2))
    assert len(calls) == before + 1


def test_an_error_in_the_block_leaves_the_model_compiled() -> None:
    model, calls = compiled_and_calls()
    model(torch.ones(2))
    with pytest.raises(KeyError), run_eagerly(model, may_compile_later=False):
        raise KeyError
    before = len(calls)
    model(torch.ones(2))
    assert len(calls) == before


def test_a_torch_that_cannot_suspend_compilation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = compiled_and_calls()
    monkeypatch.delattr(torch.compiler, "set_stance")
    with pytest.raises(InvalidUsage, match="cannot suspend torch.compile"), run_eagerly(model, may_compile_later=False):
        pass
    with run_eagerly(nn.Linear(1, 1), may_compile_later=True):
        pass


def test_blocks_of_several_threads_that_end_in_any_order_leave_the_model_compiled() -> None:
    model, calls = compiled_and_calls()
    model(torch.ones(2))
    first, second = (run_eagerly(model, may_compile_later=False) for _ in range(2))
    with ThreadPoolExecutor(1) as thread:
        first.__enter__()
        thread.submit(second.__enter__).result()
        first.__exit__(None, None, None)
        before = len(calls)
        model(torch.ones(2))
        assert len(calls) == before + 1
        thread.submit(second.__exit__, None, None, None).result()
    model(torch.ones(2))
    assert len(calls) == before + 1
