from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.distributed.shard_files import ShardFiles
from bncli.formats.located_shards import locate_shards

if TYPE_CHECKING:
    from pathlib import Path


def test_each_file_is_opened_once_and_counts_towards_the_bytes_of_all(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"defgh")
    files = ShardFiles(tmp_path, 10, locate_shards(tmp_path / ".metadata", ["a", "b"]))
    assert (files.path, files.size, files.bytes_read) == (tmp_path, 18, 10)
    assert (files.start_of("a"), files.start_of("b")) == (10, 13)
    assert files.opened("b").read(1, 2) == b"ef"
    assert files.opened("b") is files.opened("b")
    assert files.bytes_read == 12
    files.close()
