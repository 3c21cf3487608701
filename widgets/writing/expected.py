"""What was expected at a place of a text that a model has written: as bars and in words."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.decoding import Cut, Written
from inference.results.tokens import Tokens
from widgets.figures.candidate_bars import Candidate, CandidateBars
from widgets.figures.prediction_cards import percent
from widgets.figures.token_axis import label
from widgets.kit.clean import clean


def _tr(text: str) -> str:
    return QCoreApplication.translate("Expected", text)


def expected_at(written: Written, place: int, *, with_cuts: bool = False) -> CandidateBars | None:
    """None at the first place, before which nothing is known; `with_cuts`: says why a token could not be chosen."""
    if place < 1 or place >= written.n_steps:
        return None
    chosen = [number for number in range(written.candidates.shape[1]) if written.candidates[place, number] >= 0]
    candidates = tuple(
        Candidate(
            clean(written.vocabulary[int(written.candidates[place, number])]),
            float(written.probs[place, number]),
            float(written.chances[place, number]),
            why_cut(int(written.cuts[place, number])) if with_cuts else "",
        )
        for number in chosen
    )
    before = label(written.tokens.shown[place - 1])
    title = _tr("Expected at position {}, after “{}”").format(place, before)
    return CandidateBars(title, candidates, int(written.taken[place]))


def room_for_candidates(written: Written, em: float) -> float:
    """Height of what `expected_at` gives: as much at every step, so that nothing moves while it plays."""
    return CandidateBars("", (Candidate("", 0, 0),) * written.candidates.shape[1], -1).height(em)


def why_cut(cut: int) -> str:
    """Why a token could not be chosen, in a few words; empty where it could."""
    return {
        Cut.FORBIDDEN: _tr("forbidden by the checkpoint"),
        Cut.TOP_K: _tr("cut off by top-k"),
        Cut.TOP_P: _tr("cut off by top-p"),
    }.get(Cut(cut), "")


def describe_candidate(bars: CandidateBars, number: int, click: str) -> str:
    """What is known of a candidate, in a line; `click` is what a click on it does."""
    each = bars.candidates[number]
    text = _tr("“{}”: probability {}").format(each.text, percent(each.prob))
    if each.cut:
        text += f", {each.cut}"
    elif bars.has_chances:
        text += _tr(", chosen with {}").format(percent(each.chance))
    return text if number == bars.taken else f"{text}; {click}"


def describe_token(written: Written, place: int) -> str:
    """How likely a token was that is there, behind the first place."""
    bits = float(written.surprisal[place])
    text = _tr(": {:.2f} bits, probability {}").format(bits, percent(2.0**-bits))
    return text + (_tr(", given") if place < written.n_given else "")


def words_of(tokens: Tokens) -> np.ndarray:
    """str [pos], for files."""
    return np.array([clean(word) for word in tokens.words], np.str_)
