"""From the options --eps and --momentum to the settings that win over a file's."""

from __future__ import annotations

from bncli.analysis.layer_settings import GivenSettings
from bncli.cli.momentum_option import momentum_of_option
from bncli.core.batch_norm_layer import Setting
from bncli.core.setting_limits import check_eps


def given_settings(eps: float | None, momentum: str | None) -> GivenSettings:
    """Return what the options give.

    Raises:
        InvalidUsage: eps is negative or not finite, or momentum is neither a number from 0 to 1 nor `none`.
    """
    if eps is not None:
        check_eps(eps)
    if momentum is None:
        return GivenSettings(eps)
    return GivenSettings(eps, Setting(momentum_of_option(momentum), "given"))
