"""Tests of stand-ins for files."""

from __future__ import annotations

import os

import pytest

from bncli.formats.sparse_twin import sparse_twin


@pytest.fixture(params=["in memory", "on disk"], autouse=True)
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test on a system that has files in memory, and on one that has not."""
    if request.param == "on disk":
        monkeypatch.delattr(os, "memfd_create", raising=False)


def test_a_twin_has_the_beginning_and_the_size_and_is_gone_afterwards() -> None:
    with sparse_twin(b"0123", 10) as twin:
        assert twin.read_bytes() == b"0123" + bytes(6)
    assert not twin.exists()


def test_a_twin_of_ten_gigabytes_takes_no_room() -> None:
    with sparse_twin(b"0123", 10_000_000_000) as twin:
        status = twin.stat()
    assert status.st_size == 10_000_000_000
    assert status.st_blocks < 100
