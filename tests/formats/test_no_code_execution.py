from __future__ import annotations

import ast
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from tests.helpers.distributed_checkpoints import DistributedCheckpoint
from tests.helpers.format_files import WRITERS
from tests.helpers.hostile_files import call, dictionary, legacy_front, legacy_storage, tensor, text, write_torch_zip

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[2] / "bncli"

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "execfile", "Unpickler", "find_class", "allow_pickle"}
FORBIDDEN_ATTRIBUTES = {
    "pickle.load", "pickle.loads", "pickle.Unpickler", "torch.load", "torch.jit.load", "torch.hub.load",
    "torch.export.load", "importlib.import_module", "runpy.run_path", "runpy.run_module", "joblib.load", "dill.load",
    "dill.loads", "cloudpickle.load", "cloudpickle.loads", "onnx.load", "onnx.load_model", "keras.models.load_model",
    "yaml.load", "shelve.open",
}  # fmt: skip
FORBIDDEN_MODULES = {"pickle", "_pickle", "marshal", "dill", "cloudpickle", "shelve", "joblib", "runpy", "code", "imp"}

# `record` runs a model of the user's own, named on the command line: no file that is read decides it.
RUNS_THE_USERS_OWN_CODE = {"recording"}

IMPORTS_BY_NAME = Path("core/table_on_demand.py")
TABLES_OF_IMPORTS = {"TableOnDemand", "NamedOnDemand"}

AUDITED_READING = """
import encodings.cp437, encodings.latin_1, encodings.raw_unicode_escape, json, pathlib, sys
from bncli.errors import BncliError
from bncli.formats import recognized_only
from bncli.formats.detection import all_formats, open_named_arrays

import numpy
all_formats()
with open_named_arrays(pathlib.Path(sys.argv[1])) as warmed_up:
    warmed_up.read_many(warmed_up.specs)

events, outcomes = [], []
HARMLESS = {"open", "builtins.id", "object.__getattr__", "os.listdir", "os.scandir"}

def watch(event, args):
    if event not in HARMLESS:
        events.append([event, repr(args)[:200]])
    elif event == "open" and isinstance(args[0], str) and not args[0].startswith(tuple(sys.argv[1:])):
        events.append([event, args[0]])

before = set(sys.modules)
sys.addaudithook(watch)
for path in sys.argv[2:]:
    try:
        with open_named_arrays(pathlib.Path(path)) as arrays:
            arrays.read_many(arrays.specs)
        outcomes.append("read")
    except BncliError as error:
        outcomes.append(type(error).__name__)
modules = sorted(set(sys.modules) - before)
print(json.dumps({"events": events, "outcomes": outcomes, "modules": modules, "torch": "torch" in sys.modules}))
"""


class Marked:
    """Leaves a file behind if anything ever rebuilds it."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path(self.mark),)


def called_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
            yield from (keyword.arg for keyword in node.keywords if keyword.arg == "allow_pickle")


def imported_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offences(source: str) -> list[str]:
    """Return what in a module could run code that a file brings."""
    tree = ast.parse(source)
    calls = [
        name for name in called_names(tree) if name in FORBIDDEN_ATTRIBUTES or name.split(".")[-1] in FORBIDDEN_CALLS
    ]
    imports = [
        name for name in imported_names(tree) if name in FORBIDDEN_MODULES | FORBIDDEN_ATTRIBUTES or name == "importlib"
    ]
    return [name for name in calls if name != "re.compile"] + imports


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_can_run_code_that_a_file_brings(module: Path) -> None:
    if module.relative_to(PACKAGE).parts[0] in RUNS_THE_USERS_OWN_CODE:
        pytest.skip("runs the model that the user names, and reads no file")
    if module.relative_to(PACKAGE) == IMPORTS_BY_NAME:
        pytest.skip("imports what tables in the source name; the next test holds them to it")
    assert offences(module.read_text(encoding="utf-8")) == []


def test_what_is_imported_by_name_stands_in_the_source_word_for_word() -> None:
    tables = [
        ast.literal_eval(argument)
        for module in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in TABLES_OF_IMPORTS
        for argument in node.args
    ]
    assert {"bncli.cli", "bncli.formats", "bncli.renderers"} <= {table for table in tables if isinstance(table, str)}
    assert all(table.startswith("bncli.") for table in tables if isinstance(table, str))


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "torch.load(path, weights_only=True)",
        "torch.jit.load(path)",
        "from torch import load",
        "numpy.load(path, allow_pickle=True)",
        "class U(pickle.Unpickler): pass\nU(f)\npickle.Unpickler(f)",
        "eval(text)",
        "builtins.exec(text)",
        "compile(text, '', 'exec')",
        "__import__(name)",
        "import importlib\nimportlib.import_module(name)",
        "import marshal",
    ],
)
def test_the_search_finds_each_way_to_run_code(source: str) -> None:
    assert offences(source)


def test_the_search_lets_regular_expressions_and_plain_loading_pass() -> None:
    assert offences("import re\nre.compile('a')\nast.literal_eval(text)\nnumpy.load(path)\njson.loads(text)") == []


def hostile_files(folder: Path, mark: Path) -> dict[str, Path]:
    """Write files that ask for code to be run, by every way into a pickle, and that could be read as data."""
    marked = Marked(mark)
    folder.mkdir()
    names = ("zip", "legacy", "pickle", "npy", "npz", "system", "module", "imports", "dcp", "slices", "index", "script")
    files = {name: folder / name for name in names}
    torch.save({"evil": marked, "w": torch.ones(2)}, files["zip"])
    torch.save({"evil": marked, "w": torch.ones(2)}, files["legacy"], _use_new_zipfile_serialization=False)
    files["pickle"].write_bytes(pickle.dumps({"evil": marked, "w": np.ones(2)}))
    with files["npy"].open("wb") as npy:
        np.save(npy, np.array([marked]), allow_pickle=True)
    with files["npz"].open("wb") as npz:
        np.savez(npz, evil=np.array([marked]))
    write_torch_zip(files["system"], call("os.system", text(f"touch {mark}")))
    torch.save(torch.nn.BatchNorm1d(3), files["module"])
    imports = dictionary(
        a=call("antigravity.fly"), b=call("this.Zen"), c=call("json.tool.main"), w=tensor(of=legacy_storage())
    )
    files["imports"].write_bytes(legacy_front(imports, ["0"]) + (4).to_bytes(8, "little") + bytes(16))
    write_hostile_shards(files, call("os.system", text(f"touch {mark}")))
    return files


def write_hostile_shards(files: dict[str, Path], attack: bytes) -> None:
    """Write checkpoints of several files, and a program, each with the attack in the pickle that it is read from."""
    metadata = DistributedCheckpoint(files["dcp"])
    metadata.add("w", torch.ones(2))
    (metadata.write() / ".metadata").write_bytes(b"\x80\x02" + attack + b".")
    slices = DistributedCheckpoint(files["slices"])
    slices.add("w", torch.ones(2))
    hostile = write_torch_zip(files["slices"].with_name("index-1.bin"), attack).read_bytes()
    slices.files["__0_0.distcp"] = hostile
    for place in slices.places("w"):
        place.length = len(hostile)
    slices.write()
    files["index"].write_text('{"weight_map": {"w": "index-1.bin"}}', encoding="utf-8")
    code = b"class C(Module):\n  eps : Final[float] = __import__('os').system('touch mark')\n"
    write_torch_zip(files["script"], attack, **{"constants.pkl": b"N.", "code/__torch__.py": code})


def test_reading_hostile_files_opens_them_and_does_nothing_else(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    files = hostile_files(tmp_path / "files", mark)
    warm_up = tmp_path / "warm_up.npz"
    WRITERS["npz"](warm_up)
    command = [sys.executable, "-W", "ignore", "-c", AUDITED_READING, str(warm_up), *map(str, files.values())]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout)
    assert report["events"] == []
    assert report["modules"] == []
    assert not report["torch"]
    assert dict(zip(files, report["outcomes"], strict=True)) == {
        "zip": "read",
        "legacy": "read",
        "pickle": "read",
        "npy": "UnsafeFile",
        "npz": "read",
        "system": "UnsafeFile",
        "module": "read",
        "imports": "read",
        "dcp": "UnsafeFile",
        "slices": "UnsafeFile",
        "index": "UnsafeFile",
        "script": "UnsafeFile",
    }
    assert not mark.exists()


def test_the_hostile_files_do_run_code_when_they_are_loaded_the_usual_way(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    files = hostile_files(tmp_path / "files", mark)
    pickle.loads(files["pickle"].read_bytes())  # noqa: S301 - the file was written a line above
    assert mark.exists()
