from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from bncli.errors import InvalidUsage
from bncli.recording.run_environment import choose_device, environment_number, seed_everything, share_cores, torch_dtype


def test_a_gpu_of_torchrun_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert choose_device("cuda") == torch.device("cuda:3")
    assert choose_device("cuda:1") == torch.device("cuda:1")


@pytest.mark.parametrize("name", ["WORLD_SIZE", "LOCAL_RANK"])
def test_a_variable_that_is_no_number_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name, raising=False)
    assert environment_number(name, 1) == 1
    monkeypatch.setenv(name, "7")
    assert environment_number(name, 1) == 7
    monkeypatch.setenv(name, "abc")
    with pytest.raises(InvalidUsage, match=f"the environment variable {name} is 'abc'"):
        environment_number(name, 1)


def test_types_have_the_names_of_torch() -> None:
    assert torch_dtype("bfloat16") is torch.bfloat16


def test_equal_seeds_draw_equal_numbers() -> None:
    def drawn() -> tuple[float, float, float]:
        seed_everything(2**40 + 3)
        return torch.rand(1).item(), random.random(), float(np.random.rand())  # noqa: NPY002, S311 - what users draw from

    assert drawn() == drawn()


@pytest.mark.parametrize(("num_ranks", "variable", "expected"), [(1, None, []), (2, None, [1]), (2, "8", [])])
def test_ranks_share_the_cores_unless_told_otherwise(
    num_ranks: int, variable: str | None, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if variable is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", variable)
    share_cores(num_ranks)
    assert chosen == expected
