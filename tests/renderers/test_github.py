from __future__ import annotations

import re

from bncli.renderers.base import Surface
from bncli.renderers.github import MOST_ANNOTATIONS, render
from bncli.reports.findings import findings_document
from tests.helpers.documents import HOSTILE_TEXTS
from tests.helpers.outcomes import broken, file_outcome, outcome
from tests.helpers.rule_cases import healthy

COMMAND = re.compile(r"::(error|warning|notice) (?:file=([^,]*),)?title=([^,:]*)::(.+)")


def annotations(*files: object) -> list[tuple[str, ...]]:
    text = render(findings_document(outcome(*files)), Surface())
    matches = [COMMAND.fullmatch(line) for line in text.splitlines()]
    return [match.groups() for match in matches if match] if all(matches) else []


def test_each_rule_of_a_file_is_one_annotation_with_its_worst_layer() -> None:
    layers = (broken("bn1"), healthy("bn2", running_var={0: -1.0, 1: -2.0}))
    seen = annotations(file_outcome("model.pt", *layers))
    level, file, title, message = seen[0]
    assert (level, file, title) == ("error", "model.pt", "BN102 negative-var")
    assert message.startswith("bn2, 2 of 16 channels (1 more): running_var")
    assert [title for *_, title, _ in seen] == sorted(
        {title for *_, title, _ in seen}, key=[t for *_, t, _ in seen].index
    )
    assert {level for level, *_ in seen} == {"error", "warning", "notice"}


def test_no_level_has_more_annotations_than_github_shows() -> None:
    files = [file_outcome(f"model{index}.pt", broken()) for index in range(40)]
    seen = annotations(*files)
    for level in ("error", "warning", "notice"):
        of_level = [annotation for annotation in seen if annotation[0] == level]
        assert len(of_level) == MOST_ANNOTATIONS
        assert re.match(r"\d+ more annotations of this level", of_level[-1][-1])
    assert seen[MOST_ANNOTATIONS - 1][-1].startswith("31 more")


def test_exactly_as_many_as_github_shows_are_all_shown() -> None:
    files = [file_outcome(f"model{index}.pt", healthy(running_var={0: -1.0})) for index in range(MOST_ANNOTATIONS)]
    seen = annotations(*files)
    assert [file for _, file, _, _ in seen] == [f"model{index}.pt" for index in range(MOST_ANNOTATIONS)]


def test_what_would_end_a_property_or_a_message_is_escaped() -> None:
    text = render(findings_document(outcome(file_outcome("a,b:100%\n.pt", healthy(running_var={0: -1.0})))), Surface())
    assert "file=a%2Cb%3A100%25\\n.pt,title" in text


def test_hostile_names_start_no_command_and_no_line() -> None:
    for text in HOSTILE_TEXTS:
        seen = annotations(file_outcome("model.pt", healthy(text, running_var={0: -1.0})))
        assert len(seen) == 1


def test_without_findings_there_is_no_annotation() -> None:
    assert render(findings_document(outcome(file_outcome("model.pt", healthy()))), Surface()) == "no findings\n"
