from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import distributed, nn
from torch.utils.checkpoint import checkpoint

import bncli
from bncli.errors import BncliError, InvalidUsage, OutputExists
from bncli.recording.opening import open_recording, spool_path
from tests.helpers.invoke import ROOT
from tests.helpers.oracles import exact_moments, relative_error
from tests.helpers.recordings import pictures, recorded_layer, small_network

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.recorded_layer import RecordedLayer


def layers_of(path: Path) -> dict[str, RecordedLayer]:
    with open_recording(path) as recording:
        return {layer.name: layer for layer in recording.layers()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_does_not_matter_on_which_device_torch_makes_tensors(dtype: torch.dtype, tmp_path: Path) -> None:
    model, batches = small_network().to(dtype), [batch.to(dtype) for batch in pictures()]
    for name, device in (("usual", "cpu"), ("other", "meta")):
        with torch.device(device), bncli.record(model.eval(), tmp_path / name):
            for batch in batches:
                model(batch)
    usual, other = layers_of(tmp_path / "usual"), layers_of(tmp_path / "other")
    for name, layer in usual.items():
        np.testing.assert_array_equal(other[name].rows.mean, layer.rows.mean)


def test_a_recording_holds_settings_statistics_and_every_batch(tmp_path: Path) -> None:
    model, batches = small_network(), pictures()
    model[1].eps, model[1].momentum, model[5].momentum = 1e-3, 0.3, None
    with bncli.record(model, tmp_path / "run.safetensors"):
        for batch in batches:
            model(batch)
    layers = layers_of(tmp_path / "run.safetensors")
    assert list(layers) == ["1", "5"]
    first = layers["1"]
    assert (first.class_name, first.num_features, first.eps, first.momentum) == ("BatchNorm2d", 4, 1e-3, 0.3)
    assert layers["5"].momentum is None
    assert first.rows.step.tolist() == [0, 1, 2]
    assert first.rows.num_values.tolist() == [5 * 16] * 3
    assert first.rows.num_samples.tolist() == [5] * 3
    assert first.rows.is_training.all()
    expected = torch.stack([model[0](batch).double().var((0, 2, 3), correction=0) for batch in batches])
    np.testing.assert_allclose(first.rows.biased_var, expected.detach().numpy(), rtol=1e-13)


def test_running_statistics_at_start_and_end_replay_through_the_batches(tmp_path: Path) -> None:
    model = small_network()
    with bncli.record(model, tmp_path / "run.safetensors"):
        for batch in pictures(6):
            model(batch)
    layer = layers_of(tmp_path / "run.safetensors")["1"]
    assert layer.start is not None
    assert layer.end is not None
    assert (layer.start.num_batches_tracked, layer.end.num_batches_tracked) == (0, 6)
    mean = layer.start.mean
    for row in layer.rows.mean:
        mean = 0.9 * mean + 0.1 * row
    np.testing.assert_allclose(layer.end.mean, mean, rtol=1e-5)


@pytest.mark.parametrize("cuts", [[40], [1, 39], [7, 30, 3], [2] * 20])
def test_pooled_statistics_are_exact_for_any_split(cuts: list[int], tmp_path: Path) -> None:
    for mean, std in ((0, 1), (100, 0.01), (10, 0.001)):
        x = torch.randn(40, 2, 9, generator=torch.Generator().manual_seed(2)) * std + mean
        pooled = recorded_layer(x.split(cuts), tmp_path / "run.safetensors").pooled
        for channel in range(2):
            exact_mean, m2 = exact_moments(x[:, channel].numpy())
            assert relative_error(pooled.mean[channel], exact_mean) < 1e-15
            assert relative_error(pooled.biased_var[channel], m2 / 360) < 1e-14


def test_the_variance_between_class_sorted_batches_is_pooled_in(tmp_path: Path) -> None:
    noise = torch.randn(10, 400, 1, generator=torch.Generator().manual_seed(4)).double()
    noise = (noise - noise.mean(1, keepdim=True)) / noise.std(1, correction=0, keepdim=True)
    rows = recorded_layer([noise[k] + k for k in range(10)], tmp_path / "r", nn.BatchNorm1d(1).double())
    assert rows.pooled.biased_var[0] == pytest.approx(1 + 8.25, rel=1e-12)
    assert rows.rows.biased_var.mean() == pytest.approx(1, rel=1e-12)


def test_a_layer_that_is_used_twice_has_two_rows_of_a_step(tmp_path: Path) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.norm(self.norm(x) + 1)

    model = Twice()
    with bncli.record(model, tmp_path / "r"):
        for _ in range(2):
            model(torch.randn(4, 3))
    assert layers_of(tmp_path / "r")["norm"].rows.step.tolist() == [0, 0, 1, 1]


def test_parts_that_are_called_by_themselves_make_steps_too(tmp_path: Path) -> None:
    model = small_network()
    with bncli.record(model, tmp_path / "r"):
        for batch in pictures(3):
            hidden = model[1](model[0](batch))
            model[5](model[4](hidden.flatten(1)))
    layers = layers_of(tmp_path / "r")
    assert layers["1"].rows.step.tolist() == [0, 1, 2]
    assert layers["5"].rows.step.tolist() == [0, 1, 2]


def test_a_batch_given_by_keyword_is_seen(tmp_path: Path) -> None:
    model = nn.Sequential(nn.BatchNorm1d(3))
    with bncli.record(model, tmp_path / "r"):
        model[0](input=torch.randn(4, 3))
    assert len(layers_of(tmp_path / "r")["0"].rows) == 1


def test_a_lazy_layer_is_recorded_from_its_first_batch_on(tmp_path: Path) -> None:
    model = nn.Sequential(nn.LazyBatchNorm2d())
    with bncli.record(model, tmp_path / "r"):
        model(torch.randn(4, 3, 2, 2))
    layer = layers_of(tmp_path / "r")["0"]
    assert (layer.num_features, layer.class_name, len(layer.rows)) == (3, "BatchNorm2d", 1)
    assert layer.start is not None
    assert layer.start.num_batches_tracked == 0


def test_a_pass_that_is_recomputed_for_the_backward_pass_is_counted_and_not_pooled(tmp_path: Path) -> None:
    model = small_network()
    with bncli.record(model, tmp_path / "r"):
        for batch in pictures(2):
            checkpoint(model, batch.requires_grad_(), use_reentrant=False).sum().backward()
    layer = layers_of(tmp_path / "r")["1"]
    assert (len(layer.rows), layer.num_recomputed) == (2, 2)
    assert layer.end is not None
    assert layer.end.num_batches_tracked == 4


def test_half_precision_under_autocast_is_recorded_as_it_is(tmp_path: Path) -> None:
    model = small_network()
    with bncli.record(model, tmp_path / "r"), torch.autocast("cpu", torch.bfloat16):
        model(pictures(1)[0])
        hidden = model[0](pictures(1)[0])
    assert hidden.dtype is torch.bfloat16
    expected = hidden.double().mean((0, 2, 3)).detach().numpy()
    np.testing.assert_allclose(layers_of(tmp_path / "r")["1"].rows.mean[0], expected, rtol=1e-13)


def test_recording_changes_no_number_of_a_training_loop(tmp_path: Path) -> None:
    def trained(path: Path | None) -> dict[str, torch.Tensor]:
        model = small_network()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)

        def loop() -> None:
            for batch in pictures(4):
                optimizer.zero_grad()
                model(batch).square().sum().backward()
                optimizer.step()

        if path is None:
            loop()
        else:
            with bncli.record(model, path):
                loop()
        return model.state_dict()

    bare, recorded = trained(None), trained(tmp_path / "r")
    assert all(torch.equal(bare[name], recorded[name]) for name in bare)


def test_activations_that_are_not_finite_are_recorded(tmp_path: Path) -> None:
    batch = torch.randn(4, 2)
    batch[0, 0] = torch.nan
    layer = recorded_layer([batch], tmp_path / "r")
    assert np.isnan(layer.rows.mean[0]).tolist() == [True, False]


def test_what_is_there_is_overwritten_only_by_force(tmp_path: Path) -> None:
    for name in ("r", "r.part"):
        (tmp_path / name).write_text("precious")
        with pytest.raises(OutputExists, match=name), bncli.record(small_network(), tmp_path / "r"):
            pass
        assert (tmp_path / name).read_text() == "precious"
        (tmp_path / name).unlink()
    (tmp_path / "r").write_text("not so precious")
    with bncli.record(small_network(), tmp_path / "r", force=True):
        pass
    with open_recording(tmp_path / "r") as recording:
        assert recording.layer_names == ()


def test_a_compiled_model_is_recorded_like_its_original(tmp_path: Path) -> None:
    model = small_network().eval()
    compiled = torch.compile(model, backend="eager")
    compiled(pictures(1)[0])  # which compiles it without hooks
    with bncli.record(compiled, tmp_path / "compiled"):
        compiled(pictures(1)[0])
    with bncli.record(model, tmp_path / "plain"):
        model(pictures(1)[0])
    compiled_layers, plain = layers_of(tmp_path / "compiled"), layers_of(tmp_path / "plain")
    assert list(compiled_layers) == list(plain)
    np.testing.assert_array_equal(compiled_layers["1"].rows.mean, plain["1"].rows.mean)


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.parametrize("how", ["before", "inside", "in-place before", "in-place inside", "a function"])
def test_a_model_that_is_first_called_in_the_block_runs_uncompiled_in_there(
    how: str, backend: str, tmp_path: Path
) -> None:
    torch.compiler.reset()
    call = model = small_network()
    if how == "before":
        call = torch.compile(model, backend=backend)
    elif how == "in-place before":
        model.compile(backend=backend)
    with bncli.record(model, tmp_path / "compiled"):
        if how == "inside":
            call = torch.compile(model, backend=backend)
        elif how == "in-place inside":
            model.compile(backend=backend)
        elif how == "a function":
            call = torch.compile(lambda x: model(x).sum(), backend=backend)
        for batch in pictures():
            call(batch)
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in model.modules())
    original = small_network()
    with bncli.record(original, tmp_path / "plain"):
        for batch in pictures():
            original(batch)
    assert (tmp_path / "compiled").read_bytes() == (tmp_path / "plain").read_bytes()


def test_the_compiler_is_not_let_loose_on_the_hooks_where_it_was_not_loaded_before(tmp_path: Path) -> None:
    program = f"""
import sys, torch, bncli
from tests.helpers.recordings import pictures, small_network
assert "torch._dynamo" not in sys.modules
model = small_network()
with bncli.record(model, {str(tmp_path / "r")!r}):
    compiled = torch.compile(model, backend="eager")
    for batch in pictures():
        compiled(batch)
from torch._dynamo.utils import counters
assert not counters["frames"], counters["frames"]
compiled(batch)
assert counters["frames"] == {{"total": 1, "ok": 1}}, counters["frames"]
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    assert layers_of(tmp_path / "r")["1"].rows.step.tolist() == [0, 1, 2]


def test_a_copy_of_data_parallel_is_refused_when_it_runs(tmp_path: Path) -> None:
    model = small_network()
    with pytest.raises(InvalidUsage, match="layer 1 runs as a copy"), bncli.record(model, tmp_path / "r"):
        model[1]._replicate_for_data_parallel()(torch.randn(2, 4, 3, 3))


def test_ranks_need_a_name_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(distributed, "get_rank", lambda: 1)
    with pytest.raises(BncliError, match="all 2 ranks would write this file"), bncli.record(small_network(), "r"):
        pass
    with bncli.record(small_network(), tmp_path / "run-{rank}"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["run-1"]


def test_spools_lie_beside_their_recordings(tmp_path: Path) -> None:
    assert spool_path(tmp_path / "run.safetensors") == tmp_path / "run.safetensors.part"


@pytest.mark.parametrize("counter", [2.5, -1.0, float("nan")])
def test_a_counter_that_counts_nothing_is_recorded_as_it_is(counter: float, tmp_path: Path) -> None:
    model = nn.BatchNorm1d(3)
    model.num_batches_tracked = torch.tensor(counter)
    with bncli.record(model, tmp_path / "r"):
        model(torch.randn(4, 3))
    layer = layers_of(tmp_path / "r")[""]
    assert layer.start is not None
    assert layer.end is not None
    assert repr(layer.start.num_batches_tracked) == repr(counter)
    assert repr(layer.end.num_batches_tracked) == repr(counter + 1)
