from __future__ import annotations

from bncli.formats.pickles.inert import AttributedDict, GlobalName, Record


def test_globals_of_one_name_are_equal_keys() -> None:
    assert {GlobalName("a.b"): 1}[GlobalName("a.b")] == 1


def test_records_are_equal_only_to_themselves() -> None:
    assert Record("a.b", ()) != Record("a.b", ())


def test_nothing_inert_can_be_called_or_given_attributes() -> None:
    for value in (GlobalName("os.system"), Record("os.system", ()), AttributedDict()):
        assert not callable(value)
        assert not hasattr(value, "__dict__")
