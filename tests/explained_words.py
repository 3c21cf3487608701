"""What stands on screen, and what is said of it on hover."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QHeaderView, QTabBar, QWidget

from widgets.glossary.lookup import MOST_TOLD, sentence, spans_in, terms_in
from widgets.kit.plain import PlainLabel

OF_THE_INPUT = ("scaled_dot_query",)  # choices of tokens, which are no words of ours
OF_NAMES = ("model", "task")  # choices among names of published models and of data
PLAIN_WORDS = frozenset((Path(__file__).with_name("plain_words.txt")).read_text(encoding="utf-8").split())

# Published models and data, as tables of papers name them.
NAMES = frozenset(
    """BertForPreTraining BooksCorpus CIFAR DNN ERNIE Baidu Grover IIIT JFT KD KnowBERT LXMERT MASS MT MultiFiT
    NAACL OpenAI Oxford ResNet RoBERTa SpanBERT Tsinghua UDify ULMFiT Unicoder UniLM VisualBERT VL Wikipedia
    XL XLM XLNet vec wwm""".lower().split()
)

_AUTHORS = r"[A-Z][\w’-]+( and [A-Z][\w’-]+)?( et al\.)?\s\d{4}[^;)]*|[A-Z][\w’-]+ et al\."
_NO_WORDS_OF_OURS = re.compile(rf"“[^”]*”|\w+ ?…|[²¹⁰-⁹]|\w+For[A-Z]\w+|\w+(\.\w+)+|{_AUTHORS}")


def texts_on(root: QWidget) -> Iterator[tuple[str, str]]:
    """What stands on labels, controls and headings of a widget, and what is said there on hover."""
    for label in root.findChildren(PlainLabel):
        if label.text():
            yield label.text(), label.toolTip()
    for button in root.findChildren(QAbstractButton):
        yield button.text().replace("&", ""), button.toolTip()
    for combo in root.findChildren(QComboBox):
        if combo.objectName() in OF_THE_INPUT:
            continue
        for index in range(combo.count()):
            yield combo.itemText(index), combo.itemData(index, Qt.ItemDataRole.ToolTipRole) or ""
    for bar in root.findChildren(QTabBar):
        yield from ((bar.tabText(index), bar.tabToolTip(index)) for index in range(bar.count()))
    for header in root.findChildren(QHeaderView):
        model = header.model()
        if header.orientation() == Qt.Orientation.Horizontal and model is not None:
            for column in range(model.columnCount()):
                text, tip = (
                    model.headerData(column, Qt.Orientation.Horizontal, role) or ""
                    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
                )
                yield str(text).replace("\n", " "), tip


def unexplained(root: QWidget) -> list[str]:
    """Words of the glossary that stand there without their sentence."""
    return [
        f"{entry.term} in “{text}”"
        for text, tip in texts_on(root)
        for entry in terms_in(text)[:MOST_TOLD]
        if sentence(entry) not in unescape(tip)
    ]


def unknown_on(root: QWidget, given: str) -> list[str]:
    """Words on labels, controls and headings that neither the glossary explains nor `plain_words.txt` calls plain.

    What was `given` to be read, what is quoted or elided, and names of authors, models and data are no words of ours.
    """
    names = {combo.itemText(row) for combo in _of_names(root) for row in range(combo.count())}
    return unknown_in((text for text, _tip in texts_on(root) if text not in names), given)


def unknown_in(texts: Iterable[str], given: str) -> list[str]:
    """The same of words in any texts."""
    return sorted(
        {
            f"{word} in “{text}”"
            for text in texts
            for word in unknown_words(_NO_WORDS_OF_OURS.sub(" ", text))
            if word not in NAMES and not re.search(rf"\b{word}\b", given, re.IGNORECASE)
        }
    )


def _of_names(root: QWidget) -> list[QComboBox]:
    return [combo for combo in root.findChildren(QComboBox) if combo.objectName().endswith(OF_NAMES)]


def unknown_words(text: str) -> list[str]:
    """Words of a text that neither the glossary explains nor `plain_words.txt` calls plain."""
    spans = [span for span, _ in spans_in(text)]
    return [
        word.group().lower()
        for word in re.finditer(r"[^\W\d_]{2,}", text)
        if not any(low <= word.start() < high for low, high in spans) and word.group().lower() not in PLAIN_WORDS
    ]
