"""What a step is called, as it stands behind Undo and Redo."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication

from app.window.editing.steps import Moment
from inference.results.inputs import Input
from widgets.kit.clean import shown
from widgets.selection import Selected

_MOST_LETTERS = 30


def name_of_step(
    before: Moment,
    after: Moment,
    words: Sequence[str],
    option_titles: Callable[[str, Mapping[str, Any], Mapping[str, Any]], str],
) -> str:
    """A step in a few words, such as `mask "cat"`, `layer 2, head 3` or `Scale of Head map`.

    Parameters
    ----------
    words
        The tokens that positions are of.
    option_titles
        Of the view of that name, with its options before and after: which of them are others.
    """
    if before.checkpoint != after.checkpoint:
        return _tr("open {}").format(Path(after.checkpoint).name)
    if before.input != after.input:
        return _of_input(before.input, after.input)
    if before.masked != after.masked:
        return _of_masks(set(before.masked), set(after.masked), words)
    for name, state in after.options.items():
        if state != before.options.get(name, state):
            return option_titles(name, before.options[name], state)
    return _of_selection(before.selected, after.selected, words)


def _of_input(before: Input, after: Input) -> str:
    if before.text != after.text and after.text is not None:
        pair = (after.text.text, after.text.text_pair or "")
        if before.text is not None and pair == (before.text.text_pair or "", before.text.text) and all(pair):
            return _tr("swap the sentences")
        was = before.text.text if before.text is not None else ""
        if after.text.token_ids is not None:
            return _tr("other token ids")
        if before.text is not None and pair == (was, before.text.text_pair or ""):
            if after.text.start != before.text.start:
                return _tr("another part of the text")
            languages = (before.text.language, before.text.language_pair)
            if (after.text.language, after.text.language_pair) != languages:
                return _tr("another language")
        typed = after.text.text if after.text.text != was else pair[1]
        return _tr("type {}").format(_quoted(typed)) if typed.strip() else _tr("clear the text")
    if before.image != after.image:
        path = after.image.path if after.image is not None else ""
        return _tr("look at {}").format(shown(Path(path).name)) if path else _tr("another image")
    if before.clip != after.clip:
        path = after.clip.path if after.clip is not None else ""
        is_same = before.clip is not None and path == before.clip.path
        return (
            _tr("another film, or other frames")
            if not path or is_same
            else _tr("look at {}").format(shown(Path(path).name))
        )
    if before.mesh != after.mesh:
        return _tr("another mesh")
    if before.sound != after.sound:
        return _tr("another sound")
    return _tr("what is compared")


def _of_masks(before: set[int], after: set[int], words: Sequence[str]) -> str:
    masked, shown_again = sorted(after - before), sorted(before - after)
    if not after and len(before) > 1:
        return _tr("show all tokens")
    if len(masked) == 1 and not shown_again:
        return _tr("mask {}").format(_word(masked[0], words))
    if len(shown_again) == 1 and not masked:
        return _tr("show {}").format(_word(shown_again[0], words))
    return _tr("other masks")


def _of_selection(before: Selected, after: Selected, words: Sequence[str]) -> str:
    if (before.group, before.layer, before.head) != (after.group, after.layer, after.head):
        return _tr("layer {}, head {}").format(after.layer, after.head)
    chosen = after.query if after.query != before.query else after.key
    if chosen is None:
        return _tr("select nothing")
    return _tr("select {}").format(_word(chosen.index, words) if chosen.axis in _OF_WORDS else chosen.index)


_OF_WORDS = ("text", "source", "target")


def _word(position: int, words: Sequence[str]) -> str:
    return _quoted(words[position]) if position < len(words) else str(position)


def _quoted(text: str) -> str:
    return f"“{shown(textwrap.shorten(text, _MOST_LETTERS, placeholder=' …') or text[:_MOST_LETTERS])}”"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Steps", text)
