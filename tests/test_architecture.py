from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "bncli"
TESTS = ROOT / "tests"
MODULES = sorted(path.relative_to(ROOT) for path in PACKAGE.rglob("*.py"))
TEST_FILES = sorted(path.relative_to(ROOT) for path in TESTS.rglob("*.py"))
BELOW_CLI = [path for path in MODULES if path.parts[1] not in {"cli", "__main__.py"}]

ENDS_COPIES_OF_THE_PROCESS = Path("bncli/core/backends/shared_jobs.py")

CATCH_ALL_WORDS = {
    "common", "data", "handler", "handlers", "helper", "helpers", "info", "manager", "misc", "process", "util", "utils",
}  # fmt: skip

# Modules that hold no behaviour: what they declare is tested through those who keep to it.
WITHOUT_TESTS_OF_THEIR_OWN = {
    "bncli/version.py",
    "bncli/core/recording_key.py",
    "bncli/formats/base.py",
    "bncli/formats/remote/ranges.py",
    "bncli/renderers/base.py",
    "bncli/reports/document.py",
    "bncli/reports/reported_normalization.py",
    "bncli/reports/reported_simulation.py",
    "bncli/rules/base.py",
    "bncli/rules/finding.py",
    "bncli/cli/options.py",
    "bncli/planted/base.py",
    "bncli/planted/broken_values.py",
    "bncli/planted/deployment_risks.py",
    "bncli/planted/missing_updates.py",
    "bncli/planted/odd_channels.py",
    "bncli/planted/wrong_settings.py",
}


def parse(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def runs_for_type_checkers_only(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def statements_run_on_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or runs_for_type_checkers_only(node):
            continue
        yield node
        for nested in ("body", "orelse", "handlers", "finalbody"):
            yield from statements_run_on_import(getattr(node, nested, []))


def imported_packages(nodes: Iterable[ast.AST]) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def called_functions(path: Path) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(parse(path)) if isinstance(node, ast.Call)}


def mirrored_test(module: Path) -> Path:
    return TESTS / module.relative_to("bncli").parent / f"test_{module.stem.strip('_')}.py"


def test_nothing_below_the_command_line_prints_or_exits() -> None:
    forbidden = {"print", "exit", "quit", "sys.exit", "os._exit", "SystemExit"}
    found = {path: called_functions(path) & forbidden for path in BELOW_CLI}
    assert {path: calls for path, calls in found.items() if calls} == {ENDS_COPIES_OF_THE_PROCESS: {"os._exit"}}


def test_torch_is_imported_only_where_a_function_needs_it() -> None:
    imported_at_once = {path: imported_packages(statements_run_on_import(parse(path).body)) for path in MODULES}
    assert [path for path, packages in imported_at_once.items() if "torch" in packages] == []


def test_click_is_left_to_typer() -> None:
    assert [path for path in MODULES if "click" in imported_packages(ast.walk(parse(path)))] == []


def test_no_file_is_longer_than_300_lines() -> None:
    num_lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in MODULES + TEST_FILES}
    assert {path: lines for path, lines in num_lines.items() if lines > 300} == {}


def test_every_module_says_its_one_job_in_its_first_line() -> None:
    first_lines = {path: (ast.get_docstring(parse(path)) or "").partition("\n")[0] for path in MODULES}
    assert {path: line for path, line in first_lines.items() if not line.endswith(".")} == {}


def test_no_file_has_a_catch_all_name() -> None:
    assert [path for path in MODULES + TEST_FILES if set(path.stem.split("_")) & CATCH_ALL_WORDS] == []


def test_no_folder_of_the_package_has_a_catch_all_name() -> None:
    assert [path for path in MODULES if set(path.parent.parts) & CATCH_ALL_WORDS] == []


def test_every_module_has_its_test_file_at_the_mirrored_place() -> None:
    modules = [path for path in MODULES if path.name != "__init__.py"]
    without = {path.as_posix() for path in modules if not mirrored_test(path).is_file()}
    assert sorted(without) == sorted(WITHOUT_TESTS_OF_THEIR_OWN)
