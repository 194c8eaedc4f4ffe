"""How long the name of an array or a layer may be, in any file, and a pattern for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAME_LENGTH = 1024
"""Characters of a name with the path before it. A path can stand before a hundred thousand names, each of which holds
it; and patterns that are looked for in names may take time with the square of the length."""


def require_short(names: Iterable[str]) -> None:
    """Check the lengths of names.

    Raises:
        ValueError: one is too long.
    """
    for name in names:
        if len(name) > MAX_NAME_LENGTH:
            raise ValueError(f"a name of {len(name)} characters, and at most {MAX_NAME_LENGTH} are read")
