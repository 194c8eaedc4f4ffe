from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from bncli.errors import BncliError, InvalidUsage, UserCodeFailed
from bncli.recording.loader_recording import LoaderOptions, LoaderRecording
from bncli.recording.model_source import ModelSource
from bncli.recording.opening import open_recording
from bncli.recording.rank_group import SoloGroup
from tests.helpers.ranks import on_ranks
from tests.helpers.recordings import failing_batches, pictures, small_network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bncli.recording.rank_group import RankGroup

CPU = torch.device("cpu")


def recording(path: Path, loader: Iterable[Any], model: nn.Module | None = None, **options: Any) -> LoaderRecording:
    source = ModelSource(small_network() if model is None else model, is_program=False, text="small")
    return LoaderRecording(source, loader, path, {"model": "small"}, LoaderOptions(CPU, **options))


def run(each: LoaderRecording, group: RankGroup | None = None) -> int:
    """Run a recording, and return how many batches it said were done."""
    done: list[int] = []
    each.run(group or SoloGroup(), done.append)
    return sum(done)


def test_one_process_records_every_batch(tmp_path: Path) -> None:
    assert run(recording(tmp_path / "r", pictures(5))) == 5
    with open_recording(tmp_path / "r") as finished:
        assert (finished.num_steps, finished.is_complete) == (5, True)
        assert [len(layer.rows) for layer in finished.layers()] == [5, 5]


def test_the_model_is_left_as_it_was(tmp_path: Path) -> None:
    model = small_network()
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run(recording(tmp_path / "r", pictures(3), model))
    assert [module.training for module in model] == [True, False, True, True, True, True]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(not module._forward_pre_hooks for module in model.modules())


def run_on_ranks(recordings: list[LoaderRecording]) -> list[int | BaseException]:
    """Run a recording on each rank. All are made before: what they draw from torch is drawn in one order."""
    return on_ranks(len(recordings), lambda group: run(recordings[group.rank], group))


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_the_mode_decides_what_later_layers_see(mode: Any, tmp_path: Path) -> None:
    run(recording(tmp_path / "r", pictures(1), mode=mode))
    model = small_network().eval()
    model[1].train(mode == "train")
    with open_recording(tmp_path / "r") as finished, torch.no_grad():
        layer = finished.layer("5")
        np.testing.assert_allclose(layer.rows.mean[0], model[:5](pictures(1)[0]).double().mean(0), rtol=1e-5)
        assert layer.rows.is_training.tolist() == [mode == "train"]


def test_only_so_many_steps_are_taken_as_were_asked_for(tmp_path: Path) -> None:
    def endless() -> Iterable[torch.Tensor]:
        while True:
            yield pictures(1)[0]

    assert run(recording(tmp_path / "r", endless(), num_steps=4)) == 4


def test_a_wider_type_is_used_for_model_and_batches(tmp_path: Path) -> None:
    run(recording(tmp_path / "r", pictures(1), kind=torch.float64))
    with open_recording(tmp_path / "r") as finished:
        expected = small_network().double()[0](pictures(1)[0].double()).detach().mean((0, 2, 3))
        np.testing.assert_allclose(finished.layer("1").rows.mean[0], expected, rtol=1e-14)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_any_number_of_ranks_writes_the_same_bytes(size: int, tmp_path: Path) -> None:
    batches = [*pictures(21), *pictures(1, batch_size=3)]
    run(recording(tmp_path / "alone", batches))
    assert all(run_on_ranks([recording(tmp_path / "ranks", batches) for _ in range(size)]))
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("alone", "ranks")}
    assert len(digests) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone", "ranks"]


def test_more_ranks_than_batches_and_a_limit_on_steps_change_nothing(tmp_path: Path) -> None:
    run(recording(tmp_path / "alone", pictures(9), num_steps=2))
    run_on_ranks([recording(tmp_path / "ranks", pictures(9), num_steps=2) for _ in range(4)])
    assert (tmp_path / "alone").read_bytes() == (tmp_path / "ranks").read_bytes()


def test_a_loader_that_is_sharded_already_is_taken_whole_by_each_rank(tmp_path: Path) -> None:
    batches = pictures(5)
    run_on_ranks([recording(tmp_path / "ranks", batches[rank::2], is_sharded=True) for rank in range(2)])
    run(recording(tmp_path / "alone", batches))
    with open_recording(tmp_path / "alone") as alone, open_recording(tmp_path / "ranks") as ranks:
        assert alone.layer("1").rows.mean.tobytes() == ranks.layer("1").rows.mean.tobytes()


def test_what_a_batch_raises_is_told_with_its_number_and_the_rest_stays(tmp_path: Path) -> None:
    with pytest.raises(UserCodeFailed, match="^batch 2: RuntimeError: .*channels"):
        run(recording(tmp_path / "r", failing_batches()))
    assert [path.name for path in tmp_path.iterdir()] == ["r.part"]


def test_a_loader_that_raises_is_told_likewise(tmp_path: Path) -> None:
    def loader() -> Iterable[torch.Tensor]:
        yield from pictures(2)
        raise FileNotFoundError("shard 3 is missing")

    with pytest.raises(UserCodeFailed, match="batch 3: FileNotFoundError: shard 3 is missing"):
        run(recording(tmp_path / "r", loader()))
    with open_recording(tmp_path / "r.part") as cut_off:
        assert (cut_off.num_steps, cut_off.is_complete) == (2, False)


def test_a_rank_that_fails_ends_the_run_of_all(tmp_path: Path) -> None:
    shares = pictures(20), failing_batches()
    first, second = run_on_ranks([recording(tmp_path / "r", share, is_sharded=True) for share in shares])
    assert isinstance(first, UserCodeFailed)
    assert isinstance(second, UserCodeFailed)
    assert first.message == "rank 1 failed"
    assert second.message.startswith("rank 1, batch 2: RuntimeError")
    with open_recording(tmp_path / "r.part") as cut_off:
        assert cut_off.layer("1").rows.step.tolist() == [0, 1, 2, 4, 6, 8, 10, 12, 14]


def test_a_file_that_the_first_rank_may_not_write_ends_the_run_of_all(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("precious")
    first, second = run_on_ranks([recording(tmp_path / "r", pictures(3)) for _ in range(2)])
    assert isinstance(first, BncliError)
    assert isinstance(second, UserCodeFailed)
    assert (first.exit_code, "exists already" in first.message, second.message) == (4, True, "rank 0 failed")
    assert (tmp_path / "r").read_text() == "precious"


def test_ranks_with_other_weights_are_told_before_anything_runs(tmp_path: Path) -> None:
    models = [small_network() for _ in range(2)]
    models[1][4].bias.data += 1
    for outcome in run_on_ranks([recording(tmp_path / "r", pictures(3), model) for model in models]):
        assert isinstance(outcome, InvalidUsage)
        assert outcome.message == "rank 1 differs from rank 0 in the model or its weights"
    assert list(tmp_path.iterdir()) == []


def test_a_loader_that_leaves_is_told_as_one_that_raises(tmp_path: Path) -> None:
    def leaving() -> Iterator[torch.Tensor]:
        yield pictures(1)[0]
        raise SystemExit(3)

    with pytest.raises(UserCodeFailed, match="batch 2: SystemExit: 3"):
        run(recording(tmp_path / "r", leaving()))
    assert [path.name for path in tmp_path.iterdir()] == ["r.part"]


def test_what_gives_no_batches_is_told_before_a_file_is_made(tmp_path: Path) -> None:
    with pytest.raises(UserCodeFailed, match="a value of type int"):
        run(recording(tmp_path / "r", 7))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_compiled_model_runs_uncompiled(tmp_path: Path) -> None:
    compiled = torch.compile(small_network(), backend="eager")
    with torch.compiler.set_stance("fail_on_recompile"):
        run(recording(tmp_path / "compiled", pictures(2), compiled))
    run(recording(tmp_path / "plain", pictures(2)))
    assert (tmp_path / "compiled").read_bytes() == (tmp_path / "plain").read_bytes()


def test_layers_without_anything_to_store_are_recorded_too(tmp_path: Path) -> None:
    model = nn.Sequential(*(nn.BatchNorm2d(3, affine=False, track_running_stats=False) for _ in range(2)))
    run(recording(tmp_path / "r", [torch.randn(4, 3, 2, 2)], model))
    with open_recording(tmp_path / "r") as finished:
        seen = [(layer.name, layer.start, len(layer.rows)) for layer in finished.layers()]
    assert seen == [("0", None, 1), ("1", None, 1)]


def test_a_model_that_cannot_be_moved_to_the_device_is_told_before_a_file_is_made(tmp_path: Path) -> None:
    with pytest.raises(UserCodeFailed, match="^moving the model to cpu raised NotImplementedError: .*meta"):
        run(recording(tmp_path / "r", pictures(1), small_network().to("meta")))
    assert list(tmp_path.iterdir()) == []
