"""The page's words for each tool: complete, and the same that the JavaScript tests read."""

import json
from typing import Any

import pytest

from tests.server import PROJECT_DIR
from tools.base import Tool
from tools.labels import Labels
from tools.registry import TOOLS, labels

GOLDEN = PROJECT_DIR / "tests/js/tool_labels.json"


def test_the_browser_is_tested_with_these_labels() -> None:
    golden = json.loads(GOLDEN.read_text())
    assert {name: made for name, made in labels().items() if name in golden} == golden


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_a_tool_has_words_of_its_own(tool: Tool[Any]) -> None:
    other = Labels()
    for name in ("icon", "doing", "done", "failed", "asking"):
        assert getattr(tool.labels, name) != getattr(other, name), name


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_labels_name_only_arguments_that_the_tool_has(tool: Tool[Any]) -> None:
    made = tool.labels
    named = {*made.target, *(detail.argument for detail in made.details), *(detail.length for detail in made.details)}
    for variant in made.variants:
        named |= {variant.argument, *variant.requires, *variant.labels.target}
    # The page reads the paths of a patch from its text.
    given = {*tool.Args.model_fields, *(["paths"] if made.view == "patch" else [])}
    assert named - {""} <= given
    assert made.rule_from in {"path", "", *tool.Args.model_fields}


def test_what_is_as_usual_is_not_sent() -> None:
    assert Labels().as_json() == {}
    assert Labels(asking="knit", target=("wool",)).as_json() == {"asking": "Wants to knit", "target": ["wool"]}
