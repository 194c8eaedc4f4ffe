"""The path that some layers of a network share and no other layer has: `backbone`, `layer4.1`."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def shared_path(labels: Collection[str], others: Collection[str]) -> str | None:
    """Return the longest path under which all `labels` lie and none of the `others`; `None` if there is none."""
    columns = zip(*(re.split(r"[./]", label)[:-1] for label in labels), strict=False)
    path = ".".join(column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns))
    if not path or any(re.sub("/", ".", other).startswith(f"{path}.") for other in others):
        return None
    return path
