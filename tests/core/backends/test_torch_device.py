from __future__ import annotations

import pytest
import torch

from bncli.core.backends.torch_device import torch_device
from bncli.errors import InvalidUsage


def test_devices_are_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert torch_device("cpu") == torch.device("cpu")
    assert torch_device("cuda") == torch.device("cuda:0")
    assert torch_device("cuda", default_gpu=3) == torch.device("cuda:3")
    assert torch_device("cuda:1", default_gpu=3) == torch.device("cuda:1")


@pytest.mark.parametrize("name", ["tpu9", "meta", "xpu", "mps", "mps:0", ""])
def test_other_devices_are_refused(name: str) -> None:
    with pytest.raises(InvalidUsage, match=f"--device is '{name}': give cpu, cuda or cuda:N"):
        torch_device(name)


@pytest.mark.parametrize(("name", "num_devices"), [("cuda", 0), ("cuda:2", 2)])
def test_a_gpu_that_is_not_there_is_told(name: str, num_devices: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: num_devices)
    with pytest.raises(InvalidUsage, match=f"--device is {name}: this torch finds no such device"):
        torch_device(name)
