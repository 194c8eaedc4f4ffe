from __future__ import annotations

from bncli.core.wrapper_names import without_wrappers


def test_wrappers_are_dropped_wherever_they_stand_and_containers_stay() -> None:
    parts = ["module", "model", "_orig_mod", "layer1", "_checkpoint_wrapped_module", "bn1"]
    assert without_wrappers(parts) == ("model", "layer1", "bn1")
    assert without_wrappers(["module"]) == ()
