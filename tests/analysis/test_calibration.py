from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.calibration import calibrate_layer
from bncli.analysis.population_estimate import EstimateSettings
from bncli.core.batch_norm_layer import Setting
from bncli.core.recorded_layer import BatchRows
from bncli.errors import InvalidUsage, InvalidValue, ShapeMismatch
from tests.core.test_recorded_layer import recorded, rows_of
from tests.helpers.builders import layer

RNG = np.random.default_rng(2)
BATCHES = [RNG.normal(1, 2, (16, 4, 9)) for _ in range(6)]
POOLED = EstimateSettings()


def test_shift_and_ratio_are_in_units_of_the_old_statistics() -> None:
    old = layer(running_mean=np.zeros(4), running_var=np.full(4, 3.0), eps=Setting(1.0, "given"))
    calibrated = calibrate_layer(old, [recorded(rows_of(BATCHES))], POOLED)
    np.testing.assert_allclose(calibrated.mean_shift, calibrated.mean / 2)
    np.testing.assert_allclose(calibrated.var_ratio, (calibrated.var + 1) / 4)
    assert (calibrated.num_batches, calibrated.num_samples, calibrated.num_values) == (6, 96, 864)


@pytest.mark.parametrize(("framework", "ddof"), [("torch", 1), ("caffe", 1), ("keras", 0), ("paddle", 0)])
def test_the_variance_has_the_divisor_of_the_framework(framework: str, ddof: int) -> None:
    calibrated = calibrate_layer(layer(framework=framework), [recorded(rows_of(BATCHES))], POOLED)
    np.testing.assert_allclose(calibrated.var, np.concatenate(BATCHES).var((0, 2), ddof=ddof), rtol=1e-14)


def test_the_number_of_samples_for_a_small_error_follows_the_square_law() -> None:
    few = calibrate_layer(layer(), [recorded(rows_of(BATCHES[:2]))], POOLED)
    many = calibrate_layer(layer(), [recorded(rows_of(BATCHES[:2] * 8))], POOLED)
    assert few.samples_for_aim is not None
    np.testing.assert_allclose(many.standard_error, few.standard_error / np.sqrt(8), rtol=0.6)
    worst = few.standard_error.max()
    assert few.samples_for_aim == int(np.ceil(32 * (worst / 0.01) ** 2))


def test_a_single_sample_tells_no_error() -> None:
    calibrated = calibrate_layer(layer(), [recorded(rows_of([BATCHES[0][:1]]))], POOLED)
    assert calibrated.samples_for_aim is None


def test_only_a_cumulative_average_needs_a_counter_that_counts() -> None:
    broken = layer(num_batches_tracked=-1)
    for settings in (POOLED, EstimateSettings("mean-of-batches"), EstimateSettings("ema", 0.5)):
        assert np.isfinite(calibrate_layer(broken, [recorded(rows_of(BATCHES))], settings).mean).all()
    with pytest.raises(InvalidUsage, match=f"layer {broken.label}: num_batches_tracked is -1"):
        calibrate_layer(broken, [recorded(rows_of(BATCHES))], EstimateSettings("ema", None))


def test_a_batch_that_is_not_finite_is_named_and_nothing_comes_of_it() -> None:
    broken = [BATCHES[0], BATCHES[1].copy()]
    broken[1][0, 2, 0] = np.inf
    with np.errstate(invalid="ignore"):
        rows = rows_of(broken)
    with pytest.raises(InvalidValue, match="layer bn, channel 2: the batch of step 1 holds NaN or infinity"):
        calibrate_layer(layer(), [recorded(rows)], POOLED)


def test_of_a_training_loop_with_validation_only_the_training_counts() -> None:
    mixed = [BATCHES[0], BATCHES[1] + 9, BATCHES[2]]
    calibrated = calibrate_layer(layer(), [recorded(rows_of(mixed, [True, False, True]))], POOLED)
    alone = calibrate_layer(layer(), [recorded(rows_of([BATCHES[0], BATCHES[2]]))], POOLED)
    np.testing.assert_array_equal([calibrated.mean, calibrated.var], [alone.mean, alone.var])
    assert (calibrated.num_batches, calibrated.num_left_out, alone.num_left_out) == (2, 1, 0)
    in_eval = calibrate_layer(layer(), [recorded(rows_of(mixed[:2], [False, False]))], POOLED)
    assert (calibrated.num_eval, in_eval.num_eval) == (0, 2)


def test_a_layer_that_no_batch_passed_has_nothing_to_calibrate_by() -> None:
    rows = rows_of(BATCHES)
    none = BatchRows(**{name: getattr(rows, name)[:0] for name in BatchRows.__dataclass_fields__})
    with pytest.raises(InvalidValue, match="layer bn: no batch of it was recorded"):
        calibrate_layer(layer(), [recorded(none)], POOLED)
    whole = calibrate_layer(layer(), [recorded(none), recorded(rows)], POOLED)
    np.testing.assert_array_equal(whole.var, calibrate_layer(layer(), [recorded(rows)], POOLED).var)


def test_a_single_value_per_channel_gives_no_variance() -> None:
    with pytest.raises(InvalidValue, match="its batches give no finite statistics"):
        calibrate_layer(layer(), [recorded(rows_of([BATCHES[0][:1, :, :1]]))], POOLED)


def test_a_recording_of_another_width_is_of_another_model() -> None:
    with pytest.raises(ShapeMismatch, match="layer bn has 4 channels, 3 in the recording"):
        calibrate_layer(layer(), [recorded(rows_of([BATCHES[0][:, :3]]))], POOLED)
