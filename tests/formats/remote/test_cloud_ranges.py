"""Tests of files in stores of clouds, with fsspec's store in memory in their place."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bncli.errors import BncliError, InputNotFound, MissingDependency
from bncli.formats.remote.cloud_ranges import open_cloud_file

fsspec = pytest.importorskip("fsspec")

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT = bytes(range(256)) * 100


@pytest.fixture
def address() -> Iterator[str]:
    store = fsspec.filesystem("memory")
    store.pipe_file("/bucket/key", CONTENT)
    yield "memory://bucket/key"
    store.rm("/bucket", recursive=True)


def test_a_range_is_exactly_what_was_asked_for_and_every_byte_is_counted(address: str) -> None:
    ranges = open_cloud_file(address, "shown")
    assert ranges.size == len(CONTENT)
    assert ranges.fetch(1000, 1010) == CONTENT[1000:1010]
    assert ranges.fetch(5, 7) == CONTENT[5:7]
    assert ranges.bytes_received == 12
    ranges.close()


def test_a_file_that_is_not_there_is_not_found() -> None:
    with pytest.raises(InputNotFound, match="shown: no such file"):
        open_cloud_file("memory://bucket/other", "shown")


def test_a_store_that_sends_less_is_an_error(address: str) -> None:
    ranges = open_cloud_file(address, "shown")
    with pytest.raises(BncliError, match="shown: the store sent 1 bytes, not the 10 asked for"):
        ranges.fetch(len(CONTENT) - 1, len(CONTENT) + 9)


@pytest.mark.parametrize("scheme", ["s3", "gs", "hf"])
def test_without_its_package_a_store_is_a_missing_dependency(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("s3fs", "gcsfs", "huggingface_hub"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependency, match="shown: needs a package") as caught:
        open_cloud_file(f"{scheme}://bucket/key", "shown")
    assert caught.value.hint == "pip install 'bncli[remote]'"


def test_without_fsspec_no_store_is_read(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingDependency):
        open_cloud_file(address, "shown")


def test_what_a_package_raises_is_told_in_one_line_without_signatures(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LookupError("denied: https://bucket/key?X-Amz-Signature=secret\nsecond line")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "open", refuse)
    with pytest.raises(BncliError) as caught:
        open_cloud_file(address, "shown")
    assert str(caught.value) == "shown: cannot be read: LookupError: denied: https://bucket/key?..."
