"""From the options --eps and --momentum to the settings that win over a file's."""

from __future__ import annotations

from bncli.analysis.layer_discovery import GivenSettings
from bncli.cli.options import parse_momentum
from bncli.core.batch_norm_layer import Setting


def given_settings(eps: float | None, momentum: str | None) -> GivenSettings:
    """Return what the options give.

    Raises:
        InvalidUsage: the momentum is neither a number nor `none`.
    """
    given: Setting[float | None] | None = None if momentum is None else Setting(parse_momentum(momentum), "given")
    return GivenSettings(eps, given)
