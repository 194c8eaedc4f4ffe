"""Finds what a user names as `package.module:factory`, and calls it: the one place that imports code of the user's."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bncli.errors import BncliError, InvalidUsage, UserCodeFailed

if TYPE_CHECKING:
    from collections.abc import Callable

_DEBUG_HINT = "--debug shows where"


def call_factory(spec: str, option: str) -> Any:
    """Import a module, call one of its functions without arguments, and return what that gives.

    Modules are looked for in the current folder too, as `python -m` does.

    Args:
        spec: `package.module:factory`.
        option: the option that it was given with, for messages.

    Raises:
        InvalidUsage: the text has no such form.
        UserCodeFailed: there is no such module or function, or it raised.
    """
    module_name, separator, name = spec.partition(":")
    if not (separator and module_name and name):
        raise InvalidUsage(
            f"{option} is {spec!r}: give package.module:factory",
            hint="a function without arguments, such as mynet.train:make_loader",
        )
    factory = _find(module_name, name, option)
    return run_user_code(factory, f"{option} {spec}")


def run_user_code(call: Callable[[], Any], what: str) -> Any:
    """Return what a call of the user's code gives; what it raises is told in one line.

    Raises:
        UserCodeFailed: it raised.
    """
    try:
        return call()
    except BncliError:
        raise
    except (Exception, SystemExit) as error:
        raise UserCodeFailed(f"{what} raised {told(error)}", hint=_DEBUG_HINT) from error


def told(error: BaseException) -> str:
    """Return an exception of the user's code in one line: its kind, and the first line of what it says."""
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _find(module_name: str, name: str, option: str) -> Callable[[], Any]:
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = run_user_code(lambda: importlib.import_module(module_name), f"{option}: importing {module_name}")
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise UserCodeFailed(f"{option}: {module_name} has no function {name}")
    factory: Callable[[], Any] = found
    return factory
