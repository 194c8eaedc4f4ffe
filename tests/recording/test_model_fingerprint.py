from __future__ import annotations

import torch
from torch import nn

from bncli.recording.model_fingerprint import model_fingerprint, text_fingerprint
from tests.helpers.recordings import small_network


def test_equal_models_have_equal_numbers_of_63_bits() -> None:
    number = model_fingerprint(small_network())
    assert number == model_fingerprint(small_network())
    assert 0 <= number < 2**63


def test_one_bit_of_one_buffer_makes_another_number() -> None:
    changed = small_network()
    changed[5].running_var[1] = torch.nextafter(torch.tensor(1.0), torch.tensor(2.0))
    assert model_fingerprint(changed) != model_fingerprint(small_network())


def test_types_count_and_lazy_layers_can_be_told() -> None:
    assert model_fingerprint(small_network().double()) != model_fingerprint(small_network())
    lazy = model_fingerprint(nn.Sequential(nn.LazyBatchNorm1d()))
    assert lazy == model_fingerprint(nn.Sequential(nn.LazyBatchNorm1d()))


def test_texts_are_told_apart() -> None:
    assert text_fingerprint("train") != text_fingerprint("eval")


class WithExtraState(nn.BatchNorm1d):
    def get_extra_state(self) -> object:
        return {"scale": 3}

    def set_extra_state(self, state: object) -> None:
        raise NotImplementedError(state)


def test_what_modules_keep_beside_tensors_counts_by_its_name() -> None:
    assert model_fingerprint(WithExtraState(2)) == model_fingerprint(WithExtraState(2))
    assert model_fingerprint(WithExtraState(2)) != model_fingerprint(nn.BatchNorm1d(2))
