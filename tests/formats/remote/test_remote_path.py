"""Tests of addresses as paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from bncli.errors import UnsupportedFormat
from bncli.formats.remote.remote_path import RemotePath, as_typed


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/models/a.pt",
        "https://example.org:8443/a.safetensors",
        "s3://bucket/key with spaces/a.pt",
        "gs://bucket/a.pt",
        "hf://owner/repository@main/model.safetensors",
    ],
)
def test_an_address_survives_being_a_path(address: str) -> None:
    path = as_typed(Path(address))
    assert isinstance(path, RemotePath)
    assert (path.address, str(path), f"{path}") == (address, address, address)
    assert path.scheme == address.split(":", maxsplit=1)[0]
    assert path.name == address.rsplit("/", maxsplit=1)[-1]


def test_neither_password_nor_signature_is_shown() -> None:
    path = as_typed(Path("https://user:secret@example.org/a.pt?X-Amz-Signature=secret#secret"))
    assert isinstance(path, RemotePath)
    assert str(path) == "https://example.org/a.pt"
    assert "secret" not in f"{path} {path!r}"
    assert path.address == "https://user:secret@example.org/a.pt?X-Amz-Signature=secret#secret"


@pytest.mark.parametrize(
    "text", ["model.pt", "./https/model.pt", "/https:/model.pt", "a:b.pt", "https:", "", "C:/a.pt"]
)
def test_a_local_path_stays_what_it_is(text: str) -> None:
    path = Path(text)
    assert as_typed(path) is path


@pytest.mark.parametrize("scheme", ["ftp", "file", "abfs", "memory", "github", "jar"])
def test_addresses_of_other_kinds_are_refused(scheme: str) -> None:
    with pytest.raises(UnsupportedFormat, match=scheme):
        as_typed(Path(f"{scheme}://host/a.pt"))


def test_an_address_is_converted_once() -> None:
    path = as_typed(Path("https://example.org/a.pt"))
    assert as_typed(path) is path
