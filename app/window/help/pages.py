"""What the pages of help say: Markdown of our own, of the files in `resources/help`, the glossary and Home's cards."""

from __future__ import annotations

import re
from collections.abc import Collection

from PySide6.QtCore import QCoreApplication

from resources import HELP, bundled_checkpoints
from widgets.glossary.entry import GlossaryEntry
from widgets.glossary.lookup import entries, sentence, terms_in
from widgets.registry import VIEWS
from widgets.views.home.cards import BY_NAME
from widgets.views.home.outline import OUTLINE

WORDS, LECTURE, CHECKPOINTS = OF_NO_VIEW = "words", "lecture", "checkpoints"
_CARD = re.compile(r"\]\(card:(\w+)\)")


def page_names() -> tuple[str, ...]:
    """The pages: the lecture, the words, checkpoints, and those of the views, in the order of the tabs."""
    return (LECTURE, WORDS, CHECKPOINTS, *(view.name for view in VIEWS))


def title_of(name: str) -> str:
    """What a page is called."""
    own = {WORDS: _tr("All words"), LECTURE: _tr("The lecture"), CHECKPOINTS: _tr("Checkpoints")}
    return own.get(name) or next(view.title for view in VIEWS if view.name == name)


def page_text(name: str) -> str:
    """A page in Markdown; a link `card:NAME` opens a card of Home, `page:NAME` another page."""
    if name == WORDS:
        return "\n".join((f"# {title_of(name)}", "", *_lines(entries())))
    if name == LECTURE:
        return _lecture()
    text = (HELP / f"{name}.md").read_text(encoding="utf-8")
    return "\n".join((text, f"## {_tr('Words on this page')}", "", *_lines(_by_alphabet(terms_in(text)))))


def cards_of(text: str) -> tuple[str, ...]:
    """The cards that a page opens, in its order."""
    return tuple(dict.fromkeys(_CARD.findall(text)))


def _lecture() -> str:
    about = _tr("“Pretraining with transformers”: a link opens view, checkpoint and sample.")
    lines = [f"# {title_of(LECTURE)}", "", about]
    at_hand = bundled_checkpoints()
    for part in OUTLINE:
        lines += ["", f"## {part.title}"]
        for topic in part.topics:
            lines += ["", f"### {topic.title}", "", topic.says, "", *_card_lines(topic.cards, at_hand)]
    return "\n".join(lines)


def _card_lines(names: Collection[str], at_hand: Collection[str]) -> list[str]:
    """Links to cards; the name alone where its checkpoint is not there."""
    lines = []
    for card in (BY_NAME[name] for name in names):
        is_there = card.example.checkpoint in at_hand
        title = f"[{card.title}](card:{card.name})" if is_there else card.title
        lines.append(f"- {title}: {card.about}")
    return lines


def _by_alphabet(found: Collection[GlossaryEntry]) -> tuple[GlossaryEntry, ...]:
    return tuple(entry for entry in entries() if entry in found)


def _lines(found: Collection[GlossaryEntry]) -> list[str]:
    lines = []
    for entry in found:
        formula = f" `{entry.formula}`" if entry.formula else ""
        source = f" *{entry.source}*" if entry.source else ""
        lines.append(f"- **{_escaped(entry.term)}**: {_escaped(sentence(entry))}{formula}{source}")
    return lines


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", text)


def _tr(text: str) -> str:
    return QCoreApplication.translate("HelpPages", text)
