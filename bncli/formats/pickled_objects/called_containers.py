"""Containers that a pickle makes by a call: what is in them stands in the arguments."""

from __future__ import annotations

from typing import Any

from bncli.formats.pickles.inert import AttributedDict, Record

_MAX_SCANNED = 8
"""A pickle can give one long tuple of arguments to any number of calls, so that not all of it is looked at."""
_CONTAINERS = frozenset({dict, AttributedDict, list, tuple, Record})


def called_contents(record: Record) -> dict[Any, Any] | tuple[Any, ...] | None:
    """Return what a call put into the object that it made; `None` where state or elements were added to it later.

    A lone dictionary among the arguments is taken for the object's own, as of Haiku's and Flax's frozen ones, and of a
    graph module of torch.fx, after whose state comes the text of its code. Of several containers nothing tells the
    names: a named tuple is given its fields in order, and so they are numbered.

    Args:
        record: an object that is no array.
    """
    if record.state is not None or record.items:
        return None
    containers = [each for each in record.args[:_MAX_SCANNED] if type(each) in _CONTAINERS]
    if len(record.args) <= _MAX_SCANNED and len(containers) == 1 and isinstance(containers[0], dict):
        return containers[0]
    return record.args
