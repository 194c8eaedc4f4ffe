"""Tests that the NumPy backend gives the same result however the array is cut."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.core import transform_pieces, unit_moments
from bncli.core.backends import block_pass, numpy_backend
from bncli.core.backends.block_pass import BlockReader
from bncli.core.block_transform import BlockTransform
from bncli.core.channel_layout import Block, ChannelLayout
from bncli.core.normalization import BatchNorm
from tests.helpers.batch_moments import moments_of_batch

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import Array


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 8), (3, 5, 6, 2), (1, 3, 40, 50)])
@pytest.mark.parametrize("channel_axis", [1, -1])
@pytest.mark.parametrize(("read_elements", "piece_elements"), [(1, 1), (50, 16), (10**6, 7), (64, 10**6)])
def test_the_output_does_not_depend_on_the_size_of_reads_and_pieces(
    shape: tuple[int, ...],
    channel_axis: int,
    read_elements: int,
    piece_elements: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = np.random.default_rng(0).normal(1, 2, shape).astype(np.float32)
    flat = x.reshape(-1)
    layout = ChannelLayout.of(shape, channel_axis)

    def output() -> list[float]:
        moments = numpy_backend.moments(layout, lambda start, stop: flat[start:stop])
        used = BatchNorm(layout.num_features, bias=np.arange(layout.num_features) / 3).normalization("train", moments)
        pieces: list[float] = []

        def use(_: Block, values: Array) -> None:
            pieces.extend(values.tolist())

        reader = BlockReader(lambda start, stop: flat[start:stop])
        numpy_backend.transform(BlockTransform(layout, used, "float32"), reader, use)
        return pieces

    expected = output()
    monkeypatch.setattr(block_pass, "READ_ELEMENTS", read_elements)
    monkeypatch.setattr(transform_pieces, "CACHE_ELEMENTS", piece_elements)
    monkeypatch.setattr(unit_moments, "CACHE_ELEMENTS", piece_elements)
    assert output() == expected
    axes = tuple(axis for axis in range(x.ndim) if axis != layout.channel_axis)
    by_hand = (x - x.mean(axes, keepdims=True, dtype=float)) / np.sqrt(x.var(axes, keepdims=True, dtype=float) + 1e-5)
    channel_shape = [1] * x.ndim
    channel_shape[layout.channel_axis] = -1
    by_hand += (np.arange(layout.num_features) / 3).reshape(channel_shape)
    np.testing.assert_allclose(np.array(expected).reshape(shape), by_hand, rtol=1e-5, atol=1e-6)


def test_moments_of_a_stream_are_those_of_the_array() -> None:
    x = np.random.default_rng(0).normal(5, 2, (7, 3, 11)).astype(np.float32)
    flat = x.reshape(-1)
    streamed = numpy_backend.moments(ChannelLayout.of(x.shape), lambda start, stop: flat[start:stop])
    np.testing.assert_array_equal(streamed.m2, moments_of_batch(x).m2)


ADVERSE = np.random.default_rng(0).normal(5, 2, (12, 4, 1 << 14))
ADVERSE[3, 1, 2], ADVERSE[10, 1, 0], ADVERSE[:, 2], ADVERSE[7, 3] = np.nan, np.inf, 3.0, 1e200


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("channel_axis", [1, -1])
def test_bits_do_not_depend_on_how_many_processes_share_the_work(
    dtype: str, channel_axis: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with np.errstate(over="ignore"):
        flat = ADVERSE.astype(dtype).reshape(-1)
    layout = ChannelLayout.of(ADVERSE.shape, channel_axis)
    monkeypatch.setattr(block_pass, "READ_ELEMENTS", 1 << 16)
    reader = BlockReader(lambda start, stop: flat[start:stop], is_independent=True)

    def results(processes: int) -> list[str]:
        monkeypatch.setattr(block_pass, "num_processes", lambda: processes)
        moments, extremes = numpy_backend.statistics(layout, reader)
        used = BatchNorm(layout.num_features).normalization("train", moments)
        path = tmp_path / str(processes)
        with path.open("wb") as file:

            def use(block: Block, values: Array) -> None:
                os.pwrite(file.fileno(), values.tobytes(), block.start * values.itemsize)

            transform = BlockTransform(layout, used, dtype, extremes)
            numpy_backend.transform(transform, reader, use, is_order_free=True)
        tables = [moments.mean, moments.mean_error, moments.m2, moments.exponent]
        tables += [extremes.minimum, extremes.maximum, extremes.num_nan, extremes.num_inf]
        contents = [b"" if table is None else table.tobytes() for table in tables] + [path.read_bytes()]
        assert len(contents[-1]) == flat.nbytes
        return [sha256(content).hexdigest() for content in contents]

    alone = results(1)
    for _ in range(5):  # who does what differs from run to run
        assert results(2) == results(4) == alone
