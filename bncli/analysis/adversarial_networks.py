"""Which layers belong to the two networks of a GAN, by their names: each of them has steps of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.name_parts import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORDS: Mapping[str, frozenset[str]] = {
    "generator": frozenset({"netg", "generator", "gen", "g"}),
    "discriminator": frozenset({"netd", "discriminator", "disc", "dis", "critic", "d"}),
}


def adversarial_networks(labels: Iterable[str]) -> dict[str, str]:
    """Return `generator` or `discriminator` for each layer whose name begins with such a word.

    Args:
        labels: labels of all layers of a file, `netG.main.1` or `D_A.2`.

    Returns:
        Label to network; empty where only one of the two networks is there: a letter alone says nothing.
    """
    networks = {label: network for label in labels if (network := _network(label)) is not None}
    return networks if len(set(networks.values())) == len(_WORDS) else {}


def _network(label: str) -> str | None:
    words = frozenset(parts_of(label)[0].lower().split("_"))
    return next((network for network, known in _WORDS.items() if words & known), None)
