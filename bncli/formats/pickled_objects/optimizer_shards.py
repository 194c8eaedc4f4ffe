"""Files of DeepSpeed's ZeRO that hold one rank's part of an optimizer, and of the model no more than flat numbers."""

from __future__ import annotations

from typing import Any

_STATE = "optimizer_state_dict"
_MARKS = frozenset({"zero_stage", "single_partition_of_fp32_groups", "fp32_flat_groups", "base_optimizer_state"})


def reason_for_no_layers(root: Any) -> str | None:
    """Return what the object in a file says about why it holds no layers: that it is such a part; else `None`."""
    state = root.get(_STATE) if isinstance(root, dict) else None
    if not isinstance(state, dict) or _MARKS.isdisjoint(key for key in state if type(key) is str):
        return None
    return "is one rank's part of an optimizer of DeepSpeed ZeRO; statistics are in the *_model_states.pt beside it"
