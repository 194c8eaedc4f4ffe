"""The path that some layers of a network share and no other layer has: `backbone`, `layer4.1`."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from bncli.core.name_parts import parts_of

if TYPE_CHECKING:
    from collections.abc import Collection


def shared_path(labels: Collection[str], others: Collection[str]) -> str | None:
    """Return the longest path under which all `labels` lie and none of the `others`; `None` if there is none."""
    columns = zip(*(parts_of(label)[:-1] for label in labels), strict=False)
    path = tuple(column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns))
    is_shared = any(parts_of(other)[:-1][: len(path)] == path for other in others)
    return ".".join(path) if path and not is_shared else None
