from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.comparison import Comparison, compare
from bncli.core.named_arrays import Skipped
from bncli.reports.arrangement import Arrangement
from bncli.reports.comparison import comparison_document
from bncli.reports.document import Cell, Document, KeyValues, Note, Plot, Table
from tests.helpers.builders import checkpoint
from tests.helpers.layer_pairs import leaked, leaky_backbone, named, trained

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import Checkpoint


def document(comparison: Comparison, arrangement: Arrangement | None = None, *files: Checkpoint) -> Document:
    pair = (files[0], files[1]) if files else (checkpoint(), checkpoint())
    return comparison_document(pair, comparison, arrangement or Arrangement())


def facts(found: Document) -> dict[str, object]:
    (block,) = [block for block in found.blocks if isinstance(block, KeyValues)]
    return {label: value.value if isinstance(value, Cell) else value for label, value in block.pairs}


def test_a_document_gives_facts_a_table_a_plot_and_advice() -> None:
    found = document(leaky_backbone())
    assert [type(block) for block in found.blocks] == [KeyValues, Table, Plot, Note]
    (note,) = [block for block in found.blocks if isinstance(block, Note)]
    assert note.text.startswith("leaky-freeze: Updates moved the running statistics")
    assert note.tone == "bad"
    assert facts(found)["sigma"] == "sqrt(running_var + eps) of the first file, eps 1e-05 assumed"


def test_renames_and_layers_of_one_file_are_told() -> None:
    wide = np.ones(5)
    wider = named("c", num_features=5, running_mean=wide, running_var=wide, weight=wide, bias=wide)
    before = [named("a.bn1"), named("a.bn2"), named("c"), named("x.old")]
    after = [named("b.bn1"), named("b.bn2"), wider, named("head.1"), named("head.2")]
    told = facts(document(compare(before, after)))
    assert told["renamed"] == "a.* is b.* in the second file (2 layers of the same name and width)"
    assert told["reshaped"] == "c (4 to 5 channels)"
    assert told["only in first"] == "x.old"
    assert told["only in second"] == "head (2 layers): head.1, head.2"


def test_networks_that_share_only_names_are_called_different() -> None:
    wide = np.ones(5)
    wider = named("a", num_features=5, running_mean=wide, running_var=wide, weight=wide, bias=wide)
    found = document(compare([named("a"), named("b")], [wider, leaked("b")]))
    assert any("different networks" in block.text for block in found.blocks if isinstance(block, Note))


def test_layers_told_by_their_place_are_counted() -> None:
    told = facts(document(compare([named("a"), named("b")], [named("c"), named("d")])))
    assert told["renamed"] == "2 layers, told by order and number of channels"


def test_a_single_layer_is_told_in_the_singular() -> None:
    layers = [named("a")]
    files = checkpoint(*layers), checkpoint(*layers)
    told = facts(document(compare(layers, layers), None, *files))
    assert told["first"] == told["second"] == "model.pt (torch-zip, 1 layer)"


def test_equal_files_have_no_sigma_and_no_note() -> None:
    layers = [named("a"), named("b")]
    found = document(compare(layers, layers))
    assert [type(block) for block in found.blocks] == [KeyValues, Table]
    assert "sigma" not in facts(found)


def test_the_worst_layers_come_first_and_the_footer_says_how_many_there_are() -> None:
    found = document(leaky_backbone(), Arrangement(top=1))
    (table,) = [block for block in found.blocks if isinstance(block, Table)]
    assert table.rows[0][0] == "backbone.bn1"
    assert table.footer == "1 of 3 layers"


def test_what_was_skipped_in_either_file_is_told() -> None:
    files = checkpoint(skipped=(Skipped("bn9", "is broken"),)), checkpoint()
    found = document(compare([named("a")], [leaked("a")]), None, *files)
    assert Note("skipped bn9 of model.pt: is broken", "notice") in found.blocks


def ranks_note(comparison: Comparison) -> list[str]:
    blocks = document(comparison).blocks
    return [block.text for block in blocks if isinstance(block, Note) and "--ranks" in block.text]


def test_files_that_may_be_ranks_lead_to_the_option_that_says_so() -> None:
    before, after = [named("a"), named("b")], [leaked("a", 0), named("b")]
    assert len(ranks_note(compare(before, after))) == 1
    assert ranks_note(compare(before, after, are_ranks=True)) == []
    assert ranks_note(compare(before, before)) == []
    assert ranks_note(compare(before, [leaked("a", 0), trained("b", 100)])) == []


def test_statistics_that_stood_still_in_training_are_told_with_what_may_have_been_forgotten() -> None:
    norm_eval = named("a", bias=np.ones(4, np.float32))
    blocks = document(compare([named("a")], [norm_eval])).blocks
    texts = [block.text for block in blocks if isinstance(block, Note)]
    assert any(text.startswith("stats-frozen: ") and "model.train() was not called again" in text for text in texts)


def test_a_layer_that_moved_far_among_others_that_stayed_is_named_with_how_far() -> None:
    names = ("a", "b", "c")
    start = named("a")
    far = named(
        "a", running_mean=start.running_mean + 100 * np.sqrt(start.running_var), running_var=1e3 * start.running_var
    )
    found = document(compare([named(name) for name in names], [far, named("b"), named("c")]))
    (note,) = [block for block in found.blocks if isinstance(block, Note) and block.text.startswith("stands out")]
    assert note.text.startswith(
        "stands out: a: the means moved by 100 sigma and the variances by a factor of 1,000 in the median channel"
    )
    assert note.tone == "notice"


def test_a_variance_that_was_0_leaves_the_means_alone_to_be_told() -> None:
    nothing = np.zeros(4)
    before = [named("a", running_var=nothing), named("b"), named("c")]
    after = [named("a", running_var=nothing, running_mean=nothing + 9), named("b"), named("c")]
    (note,) = [b for b in document(compare(before, after)).blocks if isinstance(b, Note) and "stands out" in b.text]
    assert "the variances" not in note.text
