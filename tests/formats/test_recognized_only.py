from __future__ import annotations

import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from bncli.formats.probe import FileProbe, probe_file
from bncli.formats.recognized_only import UNREAD_KINDS, explain_unread


def probe_of(head: bytes) -> FileProbe:
    return FileProbe(Path("model.bin"), len(head), head)


def tar_of(name: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("head", "meaning"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "Git LFS pointer"),
        (b"<!DOCTYPE html>\n<html lang='en'>", "web page"),
        (b"\n\n  <HTML><body>404", "web page"),
        (gzip.compress(b"x", mtime=0), "compressed with gzip"),
        (lzma.compress(b"x"), "compressed with xz"),
        (b"BZh91AY&SY\x00", "compressed with bzip2"),
        (b"\x28\xb5\x2f\xfd\x04", "compressed with zstd"),
        (b"\x04\x22\x4d\x18\x40\x40", "compressed with LZ4"),
        (b'{"metadata": {"total_size": 1.0}, "weight_map": {"/a/vars": ["x_00000.weights.h5"]}}', "Keras's shards"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7-Zip archive"),
        (tar_of("storages"), "tar archive"),
        (b"GGUF\x03\x00\x00\x00", "GGUF file"),
        (struct.pack("<I", 28) + b"TFL3" + bytes(20), "TensorFlow Lite model"),
        (b"\x08\x04\x12\x9c\x01\x0a\x20\x0a\x05image", "Core ML model"),
        (b'<?xml version="1.0"?>\n<net name="model" version="11">', "model of OpenVINO"),
        (b"7767517\n75 83\nInput            data", "network description of ncnn"),
        (b"\xdd\x85\x76\x00\x4b\x00\x00\x00", "network description of ncnn"),
        (b"ftrt\xa0\x00\x00\x00", "engine of TensorRT"),
        (json.dumps({"weight_map": {}}).encode(), "JSON text"),
        (b"# Model card\n\nsee the paper", "text file"),
        ("größe\n".encode() * 600, "text file"),
        (b"x^2 + 1 = 0\n", "text file"),
        *((zlib.compress(b"\x80\x04]\x94.", level), "compressed with zlib") for level in (0, 3, 6, 9)),
    ],
)
def test_a_known_kind_is_explained_with_something_to_do(head: bytes, meaning: str) -> None:
    error = explain_unread(probe_of(head[:4096]))
    assert error is not None
    assert error.message.startswith("model.bin: is ")
    assert meaning in error.message
    assert error.hint


@pytest.mark.parametrize(
    ("members", "meaning"),
    [
        (["m/archive_format", "m/data/aotinductor/m.so"], "package of torch without an exported program"),
        (["package/.data/extern_modules", "package/.data/python_version", "package/model.pkl"], "torch.package"),
        (["readme.txt"], "zip archive that holds no checkpoint"),
    ],
)
def test_a_known_kind_of_zip_is_explained(tmp_path: Path, members: list[str], meaning: str) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        for name in members:
            archive.writestr(name, b"")
    error = explain_unread(probe_file(tmp_path / "x"))
    assert error is not None
    assert meaning in error.message


@pytest.mark.parametrize("head", [bytes(100), b"\xff" * 100, b"\x00\x01text", b"caf\xe9 \x80 latin"])
def test_an_unknown_kind_is_not_guessed_at(head: bytes) -> None:
    assert explain_unread(probe_of(head)) is None


def test_every_kind_says_what_it_is_in_one_line() -> None:
    assert all("\n" not in kind.meaning + kind.hint for kind in UNREAD_KINDS)
    assert len({kind.meaning for kind in UNREAD_KINDS}) == len(UNREAD_KINDS)
