"""Attacks that end a reader by a signal, by its memory or by its time, run in a process of their own."""

from __future__ import annotations

import random
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.helpers.hostile_files import PROTOCOL_2, dictionary, global_, tensor, text, write_torch_zip
from tests.helpers.limited_reading import read_in_a_process_of_its_own

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEEP = b")" + b"\x85" * 300_000
DOUBLING = b"]q\0" + b"".join(b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(60))

REFUSED = {
    "a key nested 300,000 deep": b"}" + DEEP + b"Ns",
    "a memo index of 268 million": b"Nr" + struct.pack("<I", 0x0FFFFFFF) + b"j" + struct.pack("<I", 1),
    "bytes of 4 GiB": b"\x8e" + struct.pack("<Q", 2**32),
    "text of 16 EiB": b"\x8d" + struct.pack("<Q", 2**64 - 1),
    "a string of negative length": b"T" + struct.pack("<i", -1),
    "an integer of 2 GiB": b"\x8b" + struct.pack("<i", 2**31 - 1),
    "an integer of 65,000 digits": b"I" + b"9" * 65_000 + b"\n",
    "a tensor of 2^80 elements": dictionary(w=tensor(shape=(2**40, 2**40), strides=(0, 0))),
    "one element repeated 2^40 times": dictionary(w=tensor(shape=(2**40,), strides=(0,))),
    "arguments copied into a thousand calls": (
        b"(" + b"N" * 10**6 + b"tq\0(" + (global_("m.C") + b"h\0h\0\x92") * 1000 + b"l" + b"h\xff"
    ),
    "a shape of a million axes": (
        b"(" + b"K\1" * 10**6 + b"tq\0" + tensor().replace(b"(L4L\nt", b"h\0").replace(b"(L1L\nt", b"h\0")
    ),
}

READ = {
    "a list that doubles sixty times": DOUBLING,
    "tuples nested 300,000 deep": DEEP,
    "a record nested in records 100,000 deep": global_("m.C") + b")R" + (b"q\0" + global_("m.C") + b")Rh\0b") * 100_000,
    "a list handed to a hundred thousand sets": (
        b"(" + b"N" * 10**6 + b"lq\0(" + (global_("builtins.set") + b"h\0\x85R") * 100_000 + b"l"
    ),
    "calls of calls": global_("m.C") + b")R" * 200_000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_pickle_made_to_hurt_is_refused_with_one_line(tmp_path: Path, name: str) -> None:
    outcome = read_in_a_process_of_its_own(write_torch_zip(tmp_path / "evil.pt", REFUSED[name]))
    assert (outcome.returncode, outcome.stderr) == (3, "")
    assert "evil.pt: " in outcome.stdout
    assert outcome.stdout.count("\n") == 1


@pytest.mark.parametrize("name", READ)
def test_a_pickle_made_to_take_for_ever_is_read_at_once(tmp_path: Path, name: str) -> None:
    outcome = read_in_a_process_of_its_own(write_torch_zip(tmp_path / "evil.pt", READ[name]))
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


def test_a_pickle_that_inflates_to_gigabytes_of_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a/data.pkl", "w") as member:
        member.write(PROTOCOL_2)
        for _ in range(100):
            member.write(b"}" * 1024**2)
    outcome = read_in_a_process_of_its_own(path)
    assert (outcome.returncode, outcome.stderr) == (3, "")


def test_a_deflated_array_that_claims_terabytes_takes_only_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "evil.npz"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (137438953472,), }"
    content = b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", content + bytes(1000))
    claimed = struct.pack("<I", len(content) + 1000)
    patched = path.read_bytes()
    directory = patched.index(b"PK\1\2")
    patched = patched[:directory] + patched[directory:].replace(claimed, struct.pack("<I", 2**32 - 2), 1)
    path.write_bytes(patched)
    outcome = read_in_a_process_of_its_own(path)
    assert (outcome.returncode, outcome.stderr) == (3, "")


def write_index(path: Path, rest: bytes) -> None:
    path.write_bytes(b'{"weight_map": {"a": "x.bin"' + rest)


def write_metadata(path: Path, value: bytes) -> None:
    path.mkdir()
    (path / ".metadata").write_bytes(PROTOCOL_2 + value + b".")


def write_code(path: Path, code: bytes) -> None:
    layer = global_("__torch__.C") + b")R}" + text("running_mean") + tensor() + b"sb"
    members = {"constants.pkl": b"N.", "code/__torch__.py": b"class C(Module):\n" + code}
    write_torch_zip(path, dictionary(bn=layer), compression=zipfile.ZIP_DEFLATED, **members)


@pytest.mark.parametrize(
    ("write", "content"),
    [
        pytest.param(write_index, b'}, "x": [' + b"[]," * (5 << 20) + b"0]}", id="an index of millions of lists"),
        pytest.param(write_index, b'}, "x": ' + b'{"a":' * (1 << 20), id="an index that nests a million deep"),
        pytest.param(
            write_index, b"".join(b',"%d":"y%d"' % (n, n) for n in range(10**6)), id="an index of a million files"
        ),
        pytest.param(write_index, b'}, "x": ' + b"9" * (15 << 20) + b"}", id="an index with a number of 15 MB"),
        pytest.param(write_metadata, DOUBLING, id="metadata that double sixty times"),
        pytest.param(write_metadata, b"}" + DEEP + b"Ns", id="metadata with a key nested 300,000 deep"),
        pytest.param(write_metadata, b"\x8e" + struct.pack("<Q", 2**40), id="metadata of a terabyte"),
        pytest.param(write_code, b"\n" * (17 << 20), id="code of more lines than are read"),
    ],
)
def test_an_index_metadata_or_code_made_to_hurt_is_refused_with_one_line(
    tmp_path: Path, write: Callable[[Path, bytes], None], content: bytes
) -> None:
    write(tmp_path / "evil", content)
    outcome = read_in_a_process_of_its_own(tmp_path / "evil")
    assert (outcome.returncode, outcome.stderr) == (3, "")
    assert "evil" in outcome.stdout
    assert outcome.stdout.count("\n") == 1


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(b"  eps : Final[float] = " + b"9" * 10**6, id="a number of a million digits"),
        pytest.param(b"    torch.batch_norm(" + b"(" * 10**6, id="a million parentheses"),
        pytest.param(b"    torch.batch_norm(x, True, 0.1, 1e-05, Tru" * 25_000, id="a call that almost ends"),
        pytest.param(b"class C(\n" * 800_000, id="eight hundred thousand classes"),
    ],
)
def test_code_made_to_take_for_ever_is_read_at_once(tmp_path: Path, code: bytes) -> None:
    rng = random.Random(0)  # noqa: S311 - noise that deflate cannot shrink, so that the code is no bomb
    noise = b"\n#" + bytes(rng.choices(b"0123456789abcdef", k=len(code) // 20))
    write_code(tmp_path / "long.pt", code + noise)
    outcome = read_in_a_process_of_its_own(tmp_path / "long.pt")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
