"""The settings under [tool.bncli] in the nearest pyproject.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.cli.settings_text import settings_text
from bncli.errors import InvalidUsage, near_miss
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = {
    "select": "a list of codes",
    "ignore": "a list of codes",
    "target": "a list of targets",
    "fail-on": "a severity",
    "baseline": "a path",
}
"""Every key, with what its value is."""
_MOST_BYTES = 512 * 1024
_MOST_WORK = 10**7
"""A dotted key takes time with the square of its parts, of which all lie in one line."""


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """Defaults of a project for `check`; options of the command line win over them."""

    path: Path | None = None
    """The pyproject.toml; `None` without one that has the table."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    fail_on: str | None = None
    baseline: Path | None = None
    """Path of the baseline, relative to the folder of the pyproject.toml in the file, and resolved here."""


def project_settings(folder: Path) -> ProjectSettings:
    """Return the settings of the nearest pyproject.toml in a folder or above it.

    Raises:
        InvalidUsage: the file is no TOML, or has a key or value that does not exist.
    """
    for candidate in (folder, *folder.parents):
        path = candidate / "pyproject.toml"
        if path.is_file():
            return _read(path)
    return ProjectSettings()


def _read(path: Path) -> ProjectSettings:
    import tomllib  # of use in a project only

    text = settings_text(path, _MOST_BYTES)
    if sum(line.count(".") ** 2 for line in text.split("\n")) > _MOST_WORK:
        raise InvalidUsage(f"{path}: has keys of too many parts")
    try:
        table = tomllib.loads(text).get("tool", {}).get("bncli")
    except RecursionError as error:
        raise InvalidUsage(f"{path}: is nested too deeply") from error
    except (ValueError, AttributeError) as error:
        raise InvalidUsage(f"{path}: is not valid TOML: {error}") from error
    if table is None:
        return ProjectSettings()
    if not isinstance(table, dict):
        raise InvalidUsage(f"{path}: tool.bncli is no table")
    for key, value in table.items():
        _check(path, key, value)
    baseline = table.get("baseline")
    return ProjectSettings(
        path=path,
        select=tuple(table.get("select", ())),
        ignore=tuple(table.get("ignore", ())),
        target=tuple(table.get("target", ())),
        fail_on=table.get("fail-on"),
        baseline=None if baseline is None else path.parent / baseline,
    )


def _check(path: Path, key: str, value: Any) -> None:
    if key not in _KINDS:
        raise InvalidUsage(f"{path}: [tool.bncli] has no key {key!r}", hint=near_miss(key, _KINDS))
    is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if not (is_list if "list" in _KINDS[key] else isinstance(value, str)):
        raise InvalidUsage(f"{path}: {key} in [tool.bncli] must be {_KINDS[key]}")
