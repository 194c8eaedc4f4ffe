from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.core.named_arrays import LayerHint, Skipped
from bncli.errors import InputNotFound, MalformedFile
from bncli.formats.byte_range import require_within
from bncli.formats.byte_source import ByteSource
from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.opened_file import OpenedFile
from bncli.formats.regions import FileRegion
from bncli.formats.stored_array import StoredArray, c_strides, fortran_strides

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = np.arange(24, dtype="<f4")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenedFile]:
    path = tmp_path / "numbers"
    path.write_bytes(CONTENT.tobytes())
    source = ByteSource(path)
    region = FileRegion(source, 0, source.size)
    beyond = FileRegion(source, 80, 100)
    element = ELEMENT_TYPES["float32"]
    shape = (4, 6)
    arrays = {
        "plain": StoredArray(region, element, "<", shape, c_strides(shape)),
        "transposed": StoredArray(region, element, "<", shape, fortran_strides(shape)),
        "beyond": StoredArray(beyond, element, "<", (20,), (1,)),
    }
    with OpenedFile(
        source,
        "numbers",
        arrays,
        identities={"plain": ("0", 0)},
        hints=[LayerHint("bn", "BatchNorm")],
        aliases={"ema": "model"},
        skipped=[Skipped("odd", "no number")],
        named_globals=["torch.FloatStorage"],
    ) as opened:
        yield opened


def test_what_the_parser_found_is_handed_on(opened: OpenedFile) -> None:
    assert opened.format == "numbers"
    assert opened.size_bytes == CONTENT.nbytes
    assert list(opened.specs) == ["plain", "transposed", "beyond"]
    assert opened.specs["plain"].identity == ("0", 0)
    assert opened.specs["transposed"].identity is None
    assert opened.hints["bn"].class_name == "BatchNorm"
    assert opened.aliases == {"ema": "model"}
    assert opened.skipped == (Skipped("odd", "no number"),)
    assert opened.named_globals == {"torch.FloatStorage"}


def test_a_file_that_nothing_needs_any_more_goes_without_a_search_for_garbage(tmp_path: Path) -> None:
    (tmp_path / "numbers").write_bytes(CONTENT.tobytes())
    gc.disable()
    try:
        opened = OpenedFile(ByteSource(tmp_path / "numbers"), "numbers", {})
        opened.close()
        remembered = weakref.ref(opened)
        del opened
        assert remembered() is None
    finally:
        gc.enable()


def test_a_block_of_an_array_in_order_reads_no_more_than_the_block(opened: OpenedFile) -> None:
    np.testing.assert_array_equal(opened.read_flat("plain", 5, 9), CONTENT[5:9])
    assert opened.bytes_read == 4 * 4


def test_blocks_of_an_array_out_of_order_read_it_once(opened: OpenedFile) -> None:
    expected = CONTENT.reshape(4, 6, order="F").reshape(-1)
    blocks = [opened.read_flat("transposed", start, start + 8) for start in range(0, 24, 8)]
    np.testing.assert_array_equal(np.concatenate(blocks), expected)
    assert opened.bytes_read == CONTENT.nbytes


def test_a_block_belongs_to_the_caller(opened: OpenedFile) -> None:
    block = opened.read_flat("transposed", 0, 4)
    block[:] = -1
    assert opened.read_flat("transposed", 0, 1) == 0


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (3, 2), (0, 25)])
def test_a_block_outside_the_array_is_the_callers_error(opened: OpenedFile, start: int, stop: int) -> None:
    with pytest.raises(IndexError):
        opened.read_flat("plain", start, stop)


def test_an_array_whose_bytes_are_not_there_is_named_in_the_error(opened: OpenedFile) -> None:
    with pytest.raises(MalformedFile, match=r"numbers: array 'beyond' cannot be read") as caught:
        opened.read("beyond")
    assert isinstance(caught.value.__cause__, EOFError)


def test_an_unknown_name_is_answered_with_names_that_exist(opened: OpenedFile) -> None:
    with pytest.raises(InputNotFound, match="no array 'bn.weight'") as caught:
        opened.read("bn.weight")
    assert caught.value.hint == "known: plain, transposed, beyond"


def test_a_hint_names_the_nearest_array_or_a_few(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(4))
    source = ByteSource(tmp_path / "x")
    array = StoredArray(FileRegion(source, 0, 4), ELEMENT_TYPES["float32"], "<", (), ())
    with OpenedFile(source, "numbers", {f"bn{i}.weight": array for i in range(30)}) as many:
        with pytest.raises(InputNotFound) as caught:
            many.position("bn7.wieght")
        assert caught.value.hint is not None
        assert caught.value.hint.startswith("did you mean bn7.weight or ")
        with pytest.raises(InputNotFound) as caught:
            many.read("x")
        assert caught.value.hint is not None
        assert caught.value.hint.startswith("known: bn0.weight, bn1.weight, ")
        assert caught.value.hint.endswith(", ...")
    with OpenedFile(ByteSource(tmp_path / "x"), "numbers", {}) as none, pytest.raises(InputNotFound) as caught:
        none.read("b")
    assert caught.value.hint == "known: none"


def test_arrays_are_read_in_the_order_in_which_they_lie(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(range(8)))
    source = ByteSource(tmp_path / "x")
    element = ELEMENT_TYPES["uint8"]
    late = StoredArray(FileRegion(source, 6, 2), element, "<", (2,), (1,))
    early = StoredArray(FileRegion(source, 0, 2), element, "<", (2,), (1,))
    with OpenedFile(source, "numbers", {"late": late, "early": early}) as opened:
        assert list(opened.read_many(["late", "early"])) == ["early", "late"]
        assert (opened.position("late"), opened.position("early")) == (6, 0)


def test_arrays_are_read_run_by_run(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(8))
    source = ByteSource(tmp_path / "x")

    @dataclass
    class Long:
        """A run that holds more than it takes in the file, as a deflated one does."""

        position: int
        size: int = 100

        def read(self, start: int, count: int) -> bytearray:
            require_within(self.size, start, count)
            return bytearray(count)

    first, second = Long(0), Long(4)
    places = {"a": (first, 0), "b": (second, 0), "c": (first, 50), "d": (second, 50)}
    element = ELEMENT_TYPES["uint8"]
    arrays = {name: StoredArray(run, element, "<", (2,), (1,), at) for name, (run, at) in places.items()}
    with OpenedFile(source, "numbers", arrays) as opened:
        assert list(opened.read_many("dcba")) == ["a", "c", "b", "d"]


@pytest.mark.parametrize("read", ["read", "read_flat"])
def test_the_gaps_of_a_view_count_as_given(tmp_path: Path, read: str) -> None:
    (tmp_path / "x").write_bytes(bytes(8))
    source = ByteSource(tmp_path / "x")

    class Zeros:
        position, size = 0, 2**40

        def read(self, start: int, count: int) -> bytearray:
            raise AssertionError(f"{count} bytes from {start} on are read")

    array = StoredArray(Zeros(), ELEMENT_TYPES["uint8"], "<", (2,), (2**27,))
    with OpenedFile(source, "numbers", {"a": array}) as opened, pytest.raises(MalformedFile, match="cannot be read"):
        opened.read("a") if read == "read" else opened.read_flat("a", 0, 2)


def test_arrays_that_take_far_more_than_the_file_are_not_all_handed_out(tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_bytes(bytes(4))
    source = ByteSource(path)
    one = StoredArray(FileRegion(source, 0, 4), ELEMENT_TYPES["float32"], "<", (2**22,), (0,))
    with OpenedFile(source, "numbers", {str(number): one for number in range(9)}) as opened:
        for number in (0, 1, 2, 3, 2, 1, 0):
            assert opened.read(str(number)).nbytes == 2**24
        with pytest.raises(MalformedFile, match="array '4' cannot be read: with it, the arrays asked for take over"):
            opened.read("4")


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_bytes(bytes(4))
    source = ByteSource(path)
    one = StoredArray(FileRegion(source, 0, 4), ELEMENT_TYPES["float32"], "<", (1,), (1,))
    OpenedFile(source, "numbers", {"x" * 1024: one})
    with pytest.raises(ValueError, match="a name of 1025 characters"):
        OpenedFile(source, "numbers", {"x" * 1025: one})
    source.close()
