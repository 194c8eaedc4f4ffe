from __future__ import annotations

import pytest
import torch

from bncli.recording.row_buffer import RowBuffer
from bncli.recording.spool import RowHead

X = torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(0))


def test_rows_come_in_the_order_of_measuring_and_once() -> None:
    buffer = RowBuffer()
    buffer.measure(1, 0, X, is_training=True)
    buffer.measure(0, 0, X[:2], is_training=False)
    rows = list(buffer.fetch())
    assert [head for head, _ in rows] == [RowHead(1, True, 0, 20, 4), RowHead(0, False, 0, 10, 2)]
    assert list(buffer.fetch()) == []


def test_statistics_are_mean_variance_rounding_and_spread_of_samples() -> None:
    buffer = RowBuffer()
    buffer.measure(0, 0, X, is_training=True)
    [(_, statistics)] = buffer.fetch()
    wide = X.double()
    expected = torch.stack([wide.mean((0, 2)), wide.var((0, 2), correction=0)])
    torch.testing.assert_close(torch.from_numpy(statistics[:2]), expected, rtol=1e-14, atol=1e-15)
    torch.testing.assert_close(torch.from_numpy(statistics[3]), wide.mean(2).var(0, correction=0))


def test_a_buffer_on_the_cpu_waits_for_no_device() -> None:
    buffer = RowBuffer()
    assert buffer.is_on_cpu
    buffer.measure(0, 0, X, is_training=True)
    assert buffer.is_on_cpu


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_is_waited_for_once_and_gives_the_numbers_of_the_cpu() -> None:
    on_cpu, on_gpu = RowBuffer(), RowBuffer()
    for _ in range(3):
        on_cpu.measure(0, 0, X, is_training=True)
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(3):
            on_gpu.measure(0, 0, X.to("cuda", non_blocking=True), is_training=True)
        assert not on_gpu.is_on_cpu
    finally:
        torch.cuda.set_sync_debug_mode("default")
    for (_, ours), (_, theirs) in zip(on_gpu.fetch(), on_cpu.fetch(), strict=True):
        torch.testing.assert_close(torch.from_numpy(ours), torch.from_numpy(theirs), rtol=1e-12, atol=1e-14)
