from __future__ import annotations

import pytest

from bncli.formats.torchscript_code import LayerCode, codes_of_classes, count_calls

TRACED = (
    "    input = torch.batch_norm({x}, weight, bias, running_mean, running_var, {training}, {momentum}, {eps}, True)\n"
)


def traced(x: str = "x", training: str = "False", momentum: str = "0.1", eps: str = "1e-05") -> str:
    return TRACED.format(x=x, training=training, momentum=momentum, eps=eps)


def only(text: str) -> LayerCode:
    return codes_of_classes(f"class C(Module):\n{text}").get("C", LayerCode())


@pytest.mark.parametrize(
    ("lines", "settings"),
    [
        ("  eps : Final[float] = 1.0000000000000001e-05\n", {"eps": 1e-5}),
        ("  momentum : Final[NoneType] = None\n", {"momentum": None}),
        ("  momentum : Final[float] = 0.10000000000000001\n  eps : Final[float] = 1\n", {"momentum": 0.1, "eps": 1.0}),
        ("  momentum : Final[int] = 1\n", {"momentum": 1.0}),
        ("  eps : Final[float] = 1e999\n", {"eps": float("inf")}),
        ("  eps : Final[float] = one\n", {}),
        ("  eps : Final[NoneType] = None\n", {}),
        ("  eps : float\n", {}),
        ("    eps : Final[float] = 1.\n", {}),
        ("  reps : Final[float] = 1.\n", {}),
    ],
)
def test_constants_of_a_class_are_its_settings(lines: str, settings: dict[str, float | None]) -> None:
    assert only(lines) == LayerCode(settings)


def test_what_another_class_declares_is_that_classs_own() -> None:
    text = "".join(f"class C{n}(Module):\n  eps : Final[float] = 0.{n}\n  def f(self):\n    pass\n" for n in (1, 2))
    text += "def free(x):\n  eps : Final[float] = 0.3\n"
    assert codes_of_classes(text) == {"C1": LayerCode({"eps": 0.1}), "C2": LayerCode({"eps": 0.2})}


@pytest.mark.parametrize("x", ["x", "(self._0).forward(x, )", "torch.conv2d(a, b, None, [1, 1])", "(" * 50 + ")" * 50])
def test_a_call_tells_eps_and_momentum_whatever_its_input_is(x: str) -> None:
    assert only(traced(x, momentum="0.029999999999999999", eps="0.002")) == LayerCode({"momentum": 0.03, "eps": 0.002})


@pytest.mark.parametrize(
    ("training", "momentum", "recorded"),
    [
        ("False", "0.", False),
        ("False", "1.", True),
        ("False", "0.5", True),
        ("True", "1.", False),
        ("True", "0.5", False),
        ("True", "0.33333333333333331", False),
        ("True", "0.10000000000000001", False),
        ("True", "0.", False),
        ("True", "0.029999999999999999", True),
        ("True", "0.90000000000000002", True),
    ],
)
def test_a_number_that_a_cumulative_average_could_have_left_is_no_momentum(
    training: str, momentum: str, *, recorded: bool
) -> None:
    code = only(traced(training=training, momentum=momentum))
    assert ("momentum" in code.settings) is recorded
    assert code.settings["eps"] == 1e-5
    assert code.training_mode is (training == "True")


def test_calls_that_disagree_tell_nothing() -> None:
    assert only(traced(eps="1e-05") + traced(eps="0.001")) == LayerCode()
    assert only(traced() + traced()) == only(traced())


def test_a_call_with_names_for_numbers_tells_nothing() -> None:
    assert only(traced(training="training", momentum="momentum", eps="eps")) == LayerCode()


@pytest.mark.parametrize(
    "line",
    [
        "  eps : Final[float] = " + "9" * 1_000_000,
        "    torch.batch_norm(" + "(" * 1_000_000,
        "    torch.batch_norm(" + ", True, 0.1" * 100_000,
        "    " + "torch.batch_norm(x, True, 0.1, 1e-05, Tru" * 25_000,
        "    torch.batch_norm(x, True, " + "0." * 500_000,
        " " * 1_000_000,
    ],
)
def test_a_line_of_a_megabyte_takes_no_longer_than_to_look_at_it(line: str) -> None:
    # A search that backtracks over such a line would not end.
    assert only(line + "\n") == LayerCode()


def test_numbers_that_are_none_are_told_apart_from_settings() -> None:
    assert only(traced(eps="1.2.3")) == LayerCode()
    assert only("  eps : Final[float] = 1.2.3\n") == LayerCode()


def test_calls_are_counted_over_all_files() -> None:
    assert (
        count_calls(["a = torch.conv2d(x)\n", "torch.conv2d(torch.conv2d(x))", "torch.conv1d(x)"], "torch.conv2d") == 3
    )
