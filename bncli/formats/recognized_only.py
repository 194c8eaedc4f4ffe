"""Files that are recognized and explained, not read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bncli.errors import UnsupportedFormat
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from bncli.formats.probe import FileProbe


@dataclass(frozen=True, slots=True)
class UnreadKind:
    """A kind of file that bncli knows and does not read."""

    meaning: str
    """What the file is, to follow the word "is"."""
    hint: str
    """What the user can do to get at what is in it."""
    recognizes: Callable[[FileProbe], bool]


def explain_unread(probe: FileProbe) -> UnsupportedFormat | None:
    """Return the error that explains a file of a known kind that is not read, or `None` for an unknown one."""
    for kind in UNREAD_KINDS:
        if kind.recognizes(probe):
            return UnsupportedFormat(f"{probe.path}: is {kind.meaning}", hint=kind.hint)
    return None


def _starts_with(*signatures: bytes) -> Callable[[FileProbe], bool]:
    return lambda probe: probe.head.startswith(signatures)


def _has_at(offset: int, signature: bytes) -> Callable[[FileProbe], bool]:
    return lambda probe: probe.head[offset : offset + len(signature)] == signature


def _matches(pattern: bytes) -> Callable[[FileProbe], bool]:
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return lambda probe: compiled.match(probe.head) is not None


def _holds_members(*names: str) -> Callable[[FileProbe], bool]:
    """Recognize a zip that holds all of these members, in whatever folder."""
    return lambda probe: all(any(member.split("/")[-1] == name for member in probe.zip_names) for name in names)


def _is_text(probe: FileProbe) -> bool:
    try:
        text = probe.head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The probe may cut a character in two at its very end.
        text = probe.head[: error.start].decode("utf-8") if error.start > len(probe.head) - 4 else "\0"
    return all(character.isprintable() or character.isspace() for character in text)


JOBLIB_HINT = "if you trust it, load it with joblib and save its arrays with numpy.savez"

UNREAD_KINDS: tuple[UnreadKind, ...] = (
    UnreadKind(
        "a Git LFS pointer, not the file it stands for",
        "run `git lfs pull` in the repository, or download the file itself",
        _starts_with(b"version https://git-lfs"),
    ),
    UnreadKind(
        "a web page that was saved in place of the file",
        "download it from the link to the raw file (on Hugging Face: /resolve/ in place of /blob/)",
        _matches(rb"\s*(<!--.*?-->\s*)?<(!doctype html|html)"),
    ),
    UnreadKind("compressed with gzip", "unpack it first: `gunzip`, or `tar xzf`", _starts_with(b"\x1f\x8b")),
    UnreadKind("compressed with xz", "unpack it first: `unxz`, or `tar xJf`", _starts_with(b"\xfd7zXZ\0")),
    UnreadKind("compressed with bzip2", "unpack it first: `bunzip2`, or `tar xjf`", _matches(rb"BZh[1-9]1AY&SY")),
    UnreadKind("compressed with zstd", "unpack it first: `unzstd`", _starts_with(b"\x28\xb5\x2f\xfd")),
    UnreadKind("compressed with LZ4", "unpack it first: `unlz4`", _starts_with(b"\x04\x22\x4d\x18")),
    UnreadKind("a 7-Zip archive", "unpack it first: `7z x`", _starts_with(b"7z\xbc\xaf\x27\x1c")),
    UnreadKind(
        "a tar archive",
        "unpack it with `tar xf`; what torch itself wrote as a tar, in 2016, has to be loaded and saved by torch",
        _has_at(257, b"ustar"),
    ),
    UnreadKind(
        "a package of torch without an exported program, such as a compiled one",
        "save the model's `state_dict` with torch.save, and name that file",
        _holds_members("archive_format"),
    ),
    UnreadKind(
        "a package that torch.package made",
        "save the model's `state_dict` with torch.save, and name that file",
        _holds_members("extern_modules", "python_version"),
    ),
    UnreadKind("a zip archive that holds no checkpoint known to bncli", "unpack it first", _starts_with(b"PK\3\4")),
    UnreadKind(
        "a GGUF file, which holds no batch-normalization statistics",
        "inspect the training checkpoint",
        _starts_with(b"GGUF"),
    ),
    UnreadKind(
        "a TensorFlow Lite model, into which batch normalization was folded at conversion",
        "inspect the training checkpoint",
        _has_at(4, b"TFL3"),
    ),
    UnreadKind(
        "a Core ML model, into which batch normalization is commonly folded at conversion",
        "inspect the training checkpoint",
        # The version of the specification, then the description: a message that begins with an input or an output.
        _matches(rb"\x08[\x01-\x1f]\x12.{1,3}[\x0a\x52]"),
    ),
    UnreadKind(
        "a model of OpenVINO, into which batch normalization was folded at conversion",
        "inspect the training checkpoint",
        _matches(rb"\s*(<\?xml[^>]*\?>)?\s*<net\s"),
    ),
    UnreadKind(
        "a network description of ncnn, whose converter commonly folds batch normalization",
        "inspect the training checkpoint",
        _starts_with(b"7767517\n", b"7767517\r\n", (7767517).to_bytes(4, "little")),
    ),
    UnreadKind(
        "an engine of TensorRT, into which batch normalization was folded when it was built",
        "inspect the training checkpoint",
        _starts_with(b"ftrt", b"ptrt"),
    ),
    UnreadKind(
        "an index of Keras's shards of weights",
        "name one of the .weights.h5 files beside it, each of which holds whole layers",
        _matches(rb"\s*\{.{0,200}?\"weight_map\".*?\.weights\.h5\""),
    ),
    UnreadKind("a JSON text", "name the file that holds the arrays", _matches(rb"\s*[\[{]\s*[\"\[{\]}]")),
    UnreadKind("a text file", "name the file that holds the arrays", _is_text),
    # After texts, of which some begin with "x^" as well.
    UnreadKind("compressed with zlib, as joblib does", JOBLIB_HINT, _starts_with(b"x\x01", b"x^", b"x\x9c", b"x\xda")),
)
"""Kinds by decreasing certainty; the first that recognizes a file explains it."""
