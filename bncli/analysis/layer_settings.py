"""Which eps and momentum hold for a layer: the command line's, else the file's, else the framework's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.batch_norm_layer import Setting
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.analysis.naming_schemes import NamingScheme
    from bncli.core.named_arrays import SettingName


@dataclass(frozen=True, slots=True)
class GivenSettings:
    """Settings from the command line: they win over what the file holds and what the framework assumes."""

    eps: float | None = None
    """`None` leaves the choice to the file."""
    momentum: Setting[float | None] | None = None
    """`None` leaves the choice to the file; a `Setting` of `None` is the cumulative average."""


def eps_of(scheme: NamingScheme, stored: Mapping[SettingName, float | None], given: GivenSettings) -> Setting[float]:
    """Return the constant under the root, with its source.

    Args:
        scheme: whose default it is otherwise.
        stored: what the file holds.
        given: what the command line says.
    """
    if given.eps is not None:
        return Setting(given.eps, "given")
    stored_eps = stored.get("eps")
    return Setting(scheme.eps, "assumed") if stored_eps is None else Setting(stored_eps, "stored")


def momentum_of(
    scheme: NamingScheme, stored: Mapping[SettingName, float | None], given: GivenSettings
) -> Setting[float | None]:
    """Return the weight of the new batch, with its source; arguments as in `eps_of`.

    A stored `None` is the cumulative average; only a missing entry leaves the choice to the framework.
    """
    if given.momentum is not None:
        return given.momentum
    return Setting(stored["momentum"], "stored") if "momentum" in stored else Setting(scheme.momentum, "assumed")
