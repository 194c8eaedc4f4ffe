from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import pytest

from bncli.errors import MalformedFile
from bncli.recording.spool_reader import SpoolReader
from tests.helpers.spools import write_spool

if TYPE_CHECKING:
    from pathlib import Path


def test_a_finished_spool_is_complete(tmp_path: Path) -> None:
    with SpoolReader(write_spool(tmp_path / "s")) as spool:
        assert (spool.is_complete, spool.num_steps, spool.layer_names) == (True, 3, ("a", "b"))
        layer = spool.layer("a")
        assert layer.end is not None
        assert (layer.end.num_batches_tracked, layer.num_recomputed) == (7, 2)


def test_one_that_was_cut_off_has_its_rows_and_no_end(tmp_path: Path) -> None:
    with SpoolReader(write_spool(tmp_path / "s", num_steps=5, is_finished=False)) as spool:
        assert (spool.is_complete, spool.num_steps) == (False, 5)
        layer = spool.layer("b")
        assert (len(layer.rows), layer.end, layer.num_recomputed) == (5, None, 0)


def test_cut_anywhere_it_is_read_up_to_there_or_refused(tmp_path: Path) -> None:
    path = write_spool(tmp_path / "s")
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        try:
            with SpoolReader(path) as spool:
                assert spool.num_steps <= 3
                assert all(len(layer.rows) <= 3 for layer in spool.layers())
        except MalformedFile:
            assert length < 150


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = write_spool(tmp_path / "s")
    path.write_bytes(path.read_bytes().replace(b'"bncli_recording": 1', b'"bncli_recording": 9'))
    with pytest.raises(MalformedFile, match="version is 9, and this bncli reads 1"):
        SpoolReader(path)


def frame(kind: bytes, payload: bytes) -> bytes:
    return struct.pack("<c3xI", kind, len(payload)) + payload


def layer(name: str = "a", num_features: int = 2) -> bytes:
    described = {"name": name, "class_name": "BatchNorm2d", "num_features": num_features, "eps": 1e-5, "momentum": 0.1}
    return frame(b"L", json.dumps(described).encode())


def row(num_features: int = 2, num_values: int = 40, index: int = 0) -> bytes:
    return frame(b"R", struct.pack("<IB3xqqq", index, 1, 0, num_values, 8) + bytes(24 * num_features))


def statistics(num_features: int = 2, index: int = 0) -> bytes:
    return frame(b"S", struct.pack("<Iq", index, 4) + bytes(16 * num_features))


HEADER = frame(b"H", b'{"bncli_recording": 1, "provenance": {}}')
END = frame(b"F", b'{"num_steps": 1, "recomputed": {}}')
DEEP = b'{"a":' * 100_000

HOSTILE = {
    "nothing": (b"", "its beginning is cut off"),
    "no header": (layer(), "its beginning is cut off"),
    "a header that is cut off": (HEADER[:-1], "its beginning is cut off"),
    "a header that is a list": (frame(b"H", b"[]"), "its header is no table"),
    "a header of another encoding": (frame(b"H", "{}".encode("utf-32")), "can't decode|invalid"),
    "a deep header": (frame(b"H", DEEP), "recursion depth"),
    "provenance that is a number": (
        frame(b"H", b'{"bncli_recording": 1, "provenance": 3}'),
        "its provenance is no table",
    ),
    "two headers": (HEADER + HEADER, "it begins twice"),
    "an unknown kind": (HEADER + frame(b"X", b""), "begins no frame"),
    "a layer without channels": (HEADER + layer(num_features=0), "no channels"),
    "a name twice": (HEADER + layer() + layer(), "have the same name"),
    "a row of an unknown layer": (HEADER + row(), "index out of range"),
    "a row without a head": (HEADER + layer() + frame(b"R", b"ab"), "requires a buffer|bytes"),
    "a row that is too short": (HEADER + layer(num_features=10**9) + row(), "a row of layer a has 80 bytes"),
    "a row that is too long": (HEADER + layer(num_features=1) + row(), "a row of layer a has 80 bytes"),
    "statistics of nothing": (HEADER + layer() + frame(b"S", b"ab"), "requires a buffer"),
    "statistics of an unknown layer": (HEADER + layer() + statistics(index=1), "index out of range"),
    "statistics of other channels": (HEADER + layer() + statistics(3), "of other channels"),
    "statistics twice": (HEADER + layer() + 2 * statistics(), "running statistics twice"),
    "an end that is no table": (HEADER + frame(b"F", b"3"), "its summary is no table"),
    "an end without steps": (HEADER + frame(b"F", b'{"recomputed": {}}'), "it lacks num_steps"),
    "steps in words": (HEADER + frame(b"F", b'{"num_steps": "many"}'), "num_steps is no whole number"),
    "something after the end": (HEADER + layer() + END + row(), "goes on after its end"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_spool_is_refused_in_words(tmp_path: Path, name: str) -> None:
    content, fault = HOSTILE[name]
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(MalformedFile, match=f"s: broken as a recording: .*({fault})"):
        SpoolReader(tmp_path / "s")


def test_rows_that_no_batch_gives_are_refused(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(HEADER + layer() + row(num_values=-1) + END)
    with SpoolReader(tmp_path / "s") as spool, pytest.raises(MalformedFile, match="fewer values than samples"):
        spool.layer("a")


def test_a_number_of_repetitions_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(HEADER + layer() + row() + frame(b"F", b'{"num_steps": 1, "recomputed": {"a": "x"}}'))
    with SpoolReader(tmp_path / "s") as spool, pytest.raises(MalformedFile, match="a is no whole number"):
        spool.layer("a")
