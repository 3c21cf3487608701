"""A count and its noun agree, wherever a number may be 1."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from inference.results.counts import SINGULAR, noun
from widgets.figures.counts import number_of

HOUSE = Path(__file__).parents[2]
# A whole number before a plural of the table, which for 1 reads “1 heads”.
BEFORE_PLURAL = re.compile(rf"\{{\w*:?,?\}} (?:{'|'.join(SINGULAR)})\b")
# Where the number is never 1: a limit, all tokens of a model, or one that is asked for only beyond 1.
NEVER_ONE = {
    "app/window/menus/filing.py": 1,
    "widgets/figures/head_measures.py": 1,
    "widgets/maps/descriptions.py": 1,
    "widgets/views/approximation/maps_figure.py": 1,
    "widgets/views/attention/view.py": 2,
    "widgets/views/complete_image/probe.py": 1,
    "widgets/views/embedding/map_figure.py": 1,
    "widgets/views/embedding/training_figure.py": 1,
    "widgets/views/embedding/window_figure.py": 1,
    "widgets/views/head_similarity/figure.py": 1,
    "widgets/views/joint/alignment_figure.py": 1,
    "widgets/views/joint/concepts_figure.py": 2,
    "widgets/views/joint/grounding_figure.py": 2,
    "widgets/views/masked_image/figure.py": 1,
    "widgets/views/measures/figure.py": 1,
    "widgets/views/mesh/complete_panel.py": 1,
    "widgets/views/ngrams/figure.py": 2,
    "widgets/views/prediction/figures/text_class.py": 1,
    "widgets/views/order/figure.py": 3,
    "widgets/views/pretrained/figure.py": 2,
    "widgets/views/pretrained/view.py": 1,
    "widgets/views/rollout/view.py": 1,
    "widgets/views/segments/figure.py": 1,
    "widgets/views/similarity/figure.py": 1,
    "widgets/views/sparse/figures/complexity.py": 1,
    "widgets/views/sparse/figures/cost.py": 1,
    "widgets/views/sparse/figures/legend.py": 1,
    "widgets/views/sparse/figures/pattern.py": 3,
    "widgets/views/sparse/figures/pattern_map.py": 2,
    "widgets/views/sparse/figures/patterns.py": 1,
    "widgets/views/tokenization/comparison_page.py": 1,
    "widgets/views/tokenization/vocabulary_figure.py": 1,
    "widgets/views/tokenization/vocabulary_page.py": 1,
    "widgets/views/training/schedule.py": 2,
    "widgets/views/translation/figure.py": 1,
    "widgets/views/zero_shot/confusion_figure.py": 1,
    "widgets/views/zero_shot/figure.py": 1,
}


@pytest.mark.parametrize(("n", "told"), [(0, "0 heads"), (1, "1 head"), (2, "2 heads"), (1024, "1,024 heads")])
def test_a_number_and_its_noun_agree(n, told):
    assert number_of(n, "heads") == told


def test_every_singular_is_another_word():
    assert all(noun(1, many) != noun(2, many) == many for many in SINGULAR)


def plurals(file: Path) -> list[str]:
    """Texts of a module in which a number stands before a plural."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [text for text in texts if BEFORE_PLURAL.search(text)]


def test_no_text_of_the_window_puts_a_number_before_a_plural():
    told = {
        str(file.relative_to(HOUSE)): texts
        for package in ("app", "widgets")
        for file in (HOUSE / package).rglob("*.py")
        if (texts := plurals(file))
    }
    assert {name: len(texts) for name, texts in told.items()} == NEVER_ONE, told
