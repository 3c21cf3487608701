"""The glossary: one entry a word, found in what stands on screen; and no control with a word that nobody explains."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest
from PySide6.QtWidgets import QPushButton, QWidget

import widgets
from tests.explained_words import OF_NAMES, unexplained, unknown_on, unknown_words
from widgets.glossary.lookup import entries, explained, terms_in
from widgets.kit.plain import PlainLabel, explain_controls, tip_with_terms
from widgets.options import Choice, Options
from widgets.registry import VIEWS
from widgets.views.measures.figure import COLUMNS, column_title


def kinds_of_options(kind: type[Options] = Options) -> list[type[Options]]:
    """All that are declared anywhere."""
    for module in pkgutil.walk_packages(widgets.__path__, "widgets."):
        import_module(module.name)
    found = []
    for inner in kind.__subclasses__():
        found += [inner, *kinds_of_options(inner)] if inner.__module__.startswith("widgets.") else []
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.term)
def test_an_entry_is_found_by_each_of_its_spellings(entry):
    for spelling in (entry.term, *entry.spellings):
        assert terms_in(spelling) == (entry,)
        assert terms_in(f"The {spelling}; and more") == (entry,)
    assert entry.sentence.endswith((".", "?"))
    assert len(entry.sentence) <= 120
    assert "<" not in entry.sentence


def test_the_longer_word_counts_and_capitals_do_where_all_are():
    assert [entry.term for entry in terms_in("Logit lens of mean distances")] == ["logit lens", "mean distance"]
    assert [entry.term for entry in terms_in("CLIP; Clip; masks; [MASK]")] == ["CLIP", "clip", "mask"]
    assert terms_in("bertha overheads queried") == ()


def test_every_option_has_only_words_that_are_plain_or_explained():
    unknown = {}
    for kind in kinds_of_options():
        for name, option in kind.declared().items():
            labels = tuple(option.labels.values()) if isinstance(option, Choice) and name not in OF_NAMES else ()
            for text in (option.title, *labels):
                if words := unknown_words(str(text)):
                    unknown[f"{kind.__name__}.{name}: {text}"] = words
    assert unknown == {}


def test_every_view_and_column_has_only_words_that_are_plain_or_explained():
    titles = [*(view.title for view in VIEWS), *(view.about for view in VIEWS), *map(column_title, COLUMNS)]
    assert {title: words for title in titles if (words := unknown_words(title))} == {}


def test_a_word_that_nobody_explains_is_found():
    assert unknown_words("Size of the hyperplane, entropy") == ["hyperplane"]


def test_so_is_one_on_a_label_and_what_is_quoted_or_given_is_not(qtbot):
    root = QWidget()
    qtbot.addWidget(root)
    PlainLabel("A hyperplane of “foo”, as Ruff 2015 has it, and Bar", root)
    assert unknown_on(root, "a bar") == ["hyperplane in “A hyperplane of “foo”, as Ruff 2015 has it, and Bar”"]


def test_a_term_without_its_sentence_is_found(qtbot):
    root = QWidget()
    qtbot.addWidget(root)
    button = QPushButton("Soft&max of logits", root)
    assert unexplained(root) == ["softmax in “Softmax of logits”", "logit in “Softmax of logits”"]
    explain_controls(root)
    assert unexplained(root) == []
    assert "sum to 1" in button.toolTip()


def test_a_label_keeps_its_own_tip_before_what_its_words_mean(qtbot):
    label = PlainLabel("Entropy")
    qtbot.addWidget(label)
    label.setToolTip("of the head")
    assert label.toolTip().startswith("<qt>of the head<br><br>entropy: How widely")
    label.setText("Colour")
    assert label.toolTip() == "of the head"


def test_tips_stay_plain():
    assert "<b>" not in tip_with_terms("a <b>bold</b> entropy", "entropy")
    assert explained("nothing to say") == tip_with_terms("", "nothing to say") == ""
