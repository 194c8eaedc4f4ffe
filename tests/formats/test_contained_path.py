"""Tests of the gate for paths that a file names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bncli.errors import BncliError, InputNotFound, MalformedFile, UnsafeFile, UnsupportedFormat
from bncli.formats.contained_path import contained_path, require_plain_location
from bncli.formats.remote.remote_path import as_typed

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def owner(tmp_path: Path) -> Path:
    """Return a model in a folder of its own, with a secret outside."""
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "model.onnx").write_bytes(b"model")
    (folder / "weights.bin").write_bytes(b"weights")
    return folder / "model.onnx"


@pytest.mark.parametrize(
    "location", ["weights.bin", "./weights.bin", "sub/weights.bin", "weight_AP05:0.25.bin", "..weights"]
)
def test_a_plain_relative_path_is_allowed(owner: Path, location: str) -> None:
    path = owner.parent / location
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"weights")
    assert contained_path(owner, location).read_bytes() == b"weights"


@pytest.mark.parametrize(
    "location",
    [
        "",
        "../secret",
        "sub/../../secret",
        "..",
        "..\\secret",
        "sub\\..\\secret",
        "/etc/passwd",
        "\\\\server\\share",
        "C:\\secret",
        "c:secret",
        "weights.bin\0",
        "x" * 5000,
    ],
)
def test_a_path_that_is_not_plain_is_unsafe_whether_or_not_it_exists(owner: Path, location: str) -> None:
    with pytest.raises(UnsafeFile) as caught:
        contained_path(owner, location)
    assert "\n" not in caught.value.message
    with pytest.raises(UnsafeFile):
        require_plain_location(owner, location)


def _link(owner: Path) -> str:
    (owner.parent / "link").symlink_to("../secret")
    return "link"


def _linked_folder(owner: Path) -> str:
    (owner.parent / "folder").symlink_to("..")
    return "folder/secret"


def _pipe(owner: Path) -> str:
    os.mkfifo(owner.parent / "pipe")
    return "pipe"


def _folder(owner: Path) -> str:
    (owner.parent / "folder").mkdir()
    return "folder"


def _itself(owner: Path) -> str:
    return "."


@pytest.mark.parametrize("make", [_link, _linked_folder, _pipe, _folder, _itself])
def test_what_leads_out_or_is_no_regular_file_is_unsafe(owner: Path, make: Callable[[Path], str]) -> None:
    location = make(owner)
    with pytest.raises(UnsafeFile):
        contained_path(owner, location)


def test_a_link_to_a_device_is_unsafe(owner: Path) -> None:
    (owner.parent / "zero").symlink_to("/dev/zero")
    with pytest.raises(UnsafeFile):
        contained_path(owner, "zero")


def test_a_hard_link_is_refused_where_the_format_refuses_it(owner: Path) -> None:
    (owner.parent / "hard").hardlink_to(owner.parent.parent / "secret")
    assert contained_path(owner, "hard").name == "hard"
    with pytest.raises(UnsafeFile, match="hard link"):
        contained_path(owner, "hard", allows_hard_links=False)


def test_a_missing_file_is_named_with_the_file_that_asks_for_it(owner: Path) -> None:
    with pytest.raises(InputNotFound, match=r"model.onnx: names the file 'gone.bin'"):
        contained_path(owner, "gone.bin")
    with pytest.raises(InputNotFound):
        contained_path(owner, "weights.bin/inside")


def test_links_in_a_circle_and_overlong_names_are_one_error(owner: Path) -> None:
    (owner.parent / "a").symlink_to("b")
    (owner.parent / "b").symlink_to("a")
    with pytest.raises(MalformedFile):
        contained_path(owner, "a")
    with pytest.raises(BncliError):
        contained_path(owner, "x" * 600)


def test_a_link_that_stays_in_the_folder_is_followed(owner: Path) -> None:
    (owner.parent / "link").symlink_to("weights.bin")
    assert contained_path(owner, "link") == Path(os.path.realpath(owner.parent / "weights.bin"))


def test_the_users_own_folder_may_be_a_link(owner: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(owner.parent)
    assert contained_path(tmp_path / "elsewhere" / "model.onnx", "weights.bin").name == "weights.bin"


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    """Return a model in the layout of the hub's cache: links in a snapshot, contents among the blobs."""
    model = tmp_path / "hub" / "models--someone--net"
    blobs, snapshot = model / "blobs", model / "snapshots" / "0123abcd" / "onnx"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for name, blob in (("model.onnx", "aa"), ("model.onnx_data", "bb")):
        (blobs / blob).write_bytes(blob.encode())
        (snapshot / name).symlink_to(f"../../../blobs/{blob}")
    return snapshot / "model.onnx"


def test_the_links_of_the_hubs_cache_keep_working(cached: Path) -> None:
    assert contained_path(cached, "model.onnx_data").read_bytes() == b"bb"


def test_a_link_from_the_cache_to_anything_but_its_own_blobs_is_unsafe(cached: Path, tmp_path: Path) -> None:
    other = tmp_path / "hub" / "models--other--net" / "blobs"
    other.mkdir(parents=True)
    (other / "cc").write_bytes(b"cc")
    (cached.parent / "other").symlink_to(other / "cc")
    (tmp_path / "hub" / "models--someone--net" / "refs").write_bytes(b"main")
    (cached.parent / "refs").symlink_to("../../../refs")
    for location in ("other", "refs"):
        with pytest.raises(UnsafeFile):
            contained_path(cached, location)


def test_blobs_that_are_a_link_themselves_do_not_widen_the_folder(cached: Path, tmp_path: Path) -> None:
    blobs = tmp_path / "hub" / "models--someone--net" / "blobs"
    blobs.rename(tmp_path / "outside")
    blobs.symlink_to(tmp_path / "outside")
    with pytest.raises(UnsafeFile):
        contained_path(cached, "model.onnx_data")


def test_a_file_beside_a_remote_one_is_not_looked_for() -> None:
    owner = as_typed(Path("https://example.org/model.onnx"))
    with pytest.raises(UnsupportedFormat, match="only the file that you name is fetched"):
        contained_path(owner, "model.data")
    with pytest.raises(UnsafeFile):
        contained_path(owner, "../model.data")
