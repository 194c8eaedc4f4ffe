from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.errors import UnsafeFile
from bncli.formats.located_shards import locate_shards

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def owner(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "sub" / "b").write_bytes(b"defgh")
    return tmp_path / "index.json"


def test_files_are_found_with_their_sizes_and_the_missing_are_told(owner: Path) -> None:
    shards = locate_shards(owner, ["a", "sub/b", "a", "gone"])
    assert {name: path.read_bytes() for name, path in shards.paths.items()} == {"a": b"abc", "sub/b": b"defgh"}
    assert (shards.sizes, shards.size_bytes, shards.missing) == ({"a": 3, "sub/b": 5}, 8, {"gone"})


@pytest.mark.parametrize("location", ["../a", "/etc/passwd", "sub", "a\0", "C:a", "..\\a", "", "link", "dir/passwd"])
def test_a_path_that_leads_elsewhere_is_unsafe_even_beside_good_ones(owner: Path, location: str) -> None:
    (owner.parent / "link").symlink_to("/etc/passwd")
    (owner.parent / "dir").symlink_to("/etc")
    with pytest.raises(UnsafeFile):
        locate_shards(owner, ["a", location])


def test_far_too_many_files_are_refused_before_any_is_looked_for(owner: Path) -> None:
    with pytest.raises(ValueError, match="10001 files"):
        locate_shards(owner, (f"../{number}" for number in range(10_001)))
