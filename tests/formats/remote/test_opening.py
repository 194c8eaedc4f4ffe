"""Tests of checkpoints on other machines, from the address to the layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.errors import BncliError, UnsafeFile, UnsupportedFormat
from bncli.formats.detection import open_named_arrays
from tests.helpers.format_files import WRITERS, files_below
from tests.helpers.invoke import invoke
from tests.helpers.onnx_models import batch_norm, model, tensors
from tests.helpers.range_server import range_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.range_server import RangeServer

SAMPLES = Path(__file__).parents[3] / "samples"
STATISTICS = ("bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RangeServer]:
    folder = tmp_path / "served"
    folder.mkdir()
    with range_server(folder) as served:
        yield served


@pytest.mark.parametrize("name", WRITERS)
def test_a_remote_file_of_any_format_reads_like_a_local_one(server: RangeServer, name: str) -> None:
    local = server.folder / "file"
    WRITERS[name](local)
    if len(list(files_below(server.folder))) > 1:
        pytest.skip("a checkpoint of several files")
    remote = Path(f"{server.url}/file")
    with open_named_arrays(local) as ours, open_named_arrays(remote) as theirs:
        assert (theirs.format, theirs.size_bytes, str(theirs.path)) == (
            ours.format,
            ours.size_bytes,
            f"{server.url}/file",
        )
        assert dict(theirs.specs) == dict(ours.specs)
        read = theirs.read_many(theirs.specs)
        assert read.keys() == ours.specs.keys()
        for array, values in read.items():
            np.testing.assert_array_equal(values, ours.read(array), strict=True)
        assert theirs.bytes_read == server.bytes_sent


def test_ten_gigabytes_of_safetensors_cost_a_few_megabytes(server: RangeServer) -> None:
    write_large_safetensors(server.folder / "large.safetensors")
    with open_named_arrays(Path(f"{server.url}/large.safetensors")) as arrays:
        checkpoint = discover(arrays)
    assert checkpoint.size_bytes > 10_000_000_000
    assert len(checkpoint.layers) == 100
    assert checkpoint.bytes_read == server.bytes_sent < 3_000_000
    assert len(server.requests) < 110


def write_large_safetensors(path: Path) -> None:
    """Write the header of 100 convolutions, each with its layer, and leave the arrays a hole of zeros."""
    header: dict[str, object] = {}
    at = 0
    for block in range(100):
        for name, length in {"conv.weight": 25_000_000, **dict.fromkeys(STATISTICS, 512)}.items():
            header[f"{block}.{name}"] = {"dtype": "F32", "shape": [length], "data_offsets": [at, at + 4 * length]}
            at += 4 * length
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(file.tell() + at)


def test_the_program_reads_an_address_and_shows_it_without_its_query(server: RangeServer) -> None:
    (server.folder / "digits.pt").write_bytes((SAMPLES / "digits.pt").read_bytes())
    completed = invoke("inspect", "checkpoint", f"{server.url}/digits.pt?signature=secret", "--format", "json")
    assert completed.exit_code == 0
    assert json.loads(completed.stdout)["path"] == f"{server.url}/digits.pt"
    assert json.loads(completed.stdout)["num_layers"] == 4
    assert "secret" not in completed.stdout + completed.stderr


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("{url}/missing.pt?key=secret", "{url}/missing.pt: the server has no such file (404)"),
        ("http://example.org/a.pt", "http://example.org/a.pt: an address must begin with https://"),
        ("ftp://example.org/a.pt", "ftp: addresses of this kind are not read"),
        ("{url}/page", "{url}/page: is a web page"),
    ],
)
def test_what_cannot_be_read_is_one_line(server: RangeServer, address: str, said: str) -> None:
    (server.folder / "page").write_bytes(b"<!DOCTYPE html><html></html>")
    completed = invoke("inspect", "checkpoint", address.format(url=server.url))
    assert completed.exit_code == 3
    assert completed.stdout == ""
    first, *_hints = completed.stderr.splitlines()
    assert first.startswith(f"bncli: error: {said.format(url=server.url)}")
    assert "secret" not in completed.stderr


def test_a_file_that_breaks_off_is_one_line(server: RangeServer) -> None:
    (server.folder / "digits.pt").write_bytes((SAMPLES / "digits.pt").read_bytes())
    server.cuts_after = 1000
    with pytest.raises(BncliError, match="digits.pt: the server's answer breaks off"):
        open_named_arrays(Path(f"{server.url}/digits.pt"))


@pytest.mark.parametrize("location", ["{url}/shard", "//{host}/shard", "http:/{host}/shard", "hf://a/b/shard"])
@pytest.mark.parametrize("is_remote", [False, True])
def test_a_shard_that_a_file_names_is_never_fetched(
    server: RangeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str, is_remote: bool
) -> None:
    (server.folder / "shard").write_bytes((SAMPLES / "digits.safetensors").read_bytes())
    named = location.format(url=server.url, host=server.url.removeprefix("http://"))
    index = json.dumps({"weight_map": dict.fromkeys(STATISTICS, named)})
    assert_nothing_is_fetched(server, tmp_path, monkeypatch, "a.safetensors.index.json", index.encode(), is_remote)


@pytest.mark.parametrize("location", ["{url}/shard", "http:/{host}/shard", "shard"])
@pytest.mark.parametrize("is_remote", [False, True])
def test_external_data_that_a_model_names_is_never_fetched(
    server: RangeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str, is_remote: bool
) -> None:
    (server.folder / "shard").write_bytes(bytes(1000))
    named = location.format(url=server.url, host=server.url.removeprefix("http://"))
    stored = tensors({name: np.ones(8, np.float32) for name in STATISTICS})
    for tensor in stored:
        tensor.ClearField("raw_data")
        tensor.data_location = tensor.EXTERNAL
        tensor.external_data.add(key="location", value=named)
        tensor.external_data.add(key="length", value="32")
    content = model([batch_norm(list(STATISTICS))], stored).SerializeToString()
    assert_nothing_is_fetched(server, tmp_path, monkeypatch, "a.onnx", content, is_remote)


def assert_nothing_is_fetched(
    server: RangeServer, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, is_remote: bool
) -> None:
    """Read a file that names another, and check that no request but those for the file itself reached the server."""
    ((server.folder if is_remote else folder) / name).write_bytes(content)
    monkeypatch.chdir(folder)
    with (
        pytest.raises(BncliError) as caught,
        open_named_arrays(Path(f"{server.url}/{name}" if is_remote else name)) as a,
    ):
        discover(a)
    assert {requested for requested, _ in server.requests} <= {name}
    if is_remote:
        assert isinstance(caught.value, UnsafeFile | UnsupportedFormat)
