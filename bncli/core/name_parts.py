"""The parts of the path of an array or a layer, which some frameworks join with dots and some with slashes."""

from __future__ import annotations


def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts of a name, at least one.

    >>> parts_of("net/~/bn.scale")
    ('net', '~', 'bn', 'scale')
    """
    return tuple(name.replace("/", ".").split("."))
