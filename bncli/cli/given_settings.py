"""From the options --eps and --momentum to the settings that win over a file's."""

from __future__ import annotations

from bncli.analysis.layer_settings import GivenSettings
from bncli.cli.options import parse_momentum
from bncli.core.batch_norm_layer import Setting
from bncli.core.setting_limits import check_eps, check_momentum


def given_settings(eps: float | None, momentum: str | None) -> GivenSettings:
    """Return what the options give.

    Raises:
        InvalidUsage: eps is negative or not finite, or momentum is neither a number from 0 to 1 nor `none`.
    """
    if eps is not None:
        check_eps(eps)
    if momentum is None:
        return GivenSettings(eps)
    weight = parse_momentum(momentum)
    check_momentum(weight)
    return GivenSettings(eps, Setting(weight, "given"))
