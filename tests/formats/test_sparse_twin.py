"""Tests of local stand-ins for remote files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.formats.byte_source import ByteSource
from bncli.formats.sparse_twin import sparse_twin

if TYPE_CHECKING:
    from pathlib import Path


def test_a_twin_has_the_size_and_the_first_bytes_and_is_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    source = ByteSource(path)
    with sparse_twin(source, 4) as twin:
        assert twin.read_bytes() == b"0123" + bytes(6)
    source.close()
    assert not twin.exists()


def test_a_source_with_fewer_bytes_has_no_twin(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    source = ByteSource(path)
    with pytest.raises(EOFError), sparse_twin(source, 11):
        pass
    source.close()
