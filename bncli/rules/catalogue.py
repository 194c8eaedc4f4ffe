"""Every rule of `bncli check`, in the order of their codes."""

from __future__ import annotations

from bncli.rules import (
    bn101_nonfinite,
    bn102_negative_var,
    bn103_incomplete_layer,
    bn104_counter_type,
    bn201_never_updated,
    bn301_dead_input,
)

RULES = (
    bn101_nonfinite.RULE,
    bn102_negative_var.RULE,
    bn103_incomplete_layer.RULE,
    bn104_counter_type.RULE,
    bn201_never_updated.RULE,
    bn301_dead_input.RULE,
)
