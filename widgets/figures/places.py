"""What the places of a sequence are called: a text has tokens, an image patches, a mesh vertices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QCoreApplication

from widgets.kit.clean import isolated


@dataclass(frozen=True)
class PlaceName:
    """What one place of a sequence is called, and several of them.

    Attributes
    ----------
    step, steps
        The same in short, where one goes along the sequence: of words and regions, places.
    """

    one: str
    many: str
    step: str
    steps: str


@lru_cache(maxsize=64)
def place_name(axis: str) -> PlaceName:
    """What the places of a sequence are called, by its name in `AttentionGroup.places`."""
    if (mixed := _mixed(axis)) is not None:
        return PlaceName(*mixed, _tr("place"), _tr("places"))
    names = {
        "patches": (_tr("patch"), _tr("patches")),
        **dict.fromkeys(("all patches", "film", "places"), (_tr("patch"), _tr("patches"))),
        "frames": (_tr("frame"), _tr("frames")),
        "probe": (_tr("patch"), _tr("patches")),
        "regions": (_tr("region"), _tr("regions")),
        "pixels": (_tr("pixel"), _tr("pixels")),
        "image": (_tr("patch"), _tr("patches")),
        "coordinates": (_tr("coordinate"), _tr("coordinates")),
        "items": (_tr("vertex"), _tr("vertices")),
        "pointers": (_tr("face token"), _tr("face tokens")),
    }
    is_stage = axis.startswith("stage_")  # of a vision transformer that merges patches from stage to stage
    one, many = names.get("patches" if is_stage else axis, (_tr("token"), _tr("tokens")))
    return PlaceName(one, many, one, many)


def _mixed(axis: str) -> tuple[str, str] | None:
    """What one and several places of words and something else are called; None for a sequence of one kind."""
    names = {
        "text_and_regions": (_tr("word or region"), _tr("words and regions")),
        **dict.fromkeys(("text_and_image", "words_and_frames"), (_tr("word or patch"), _tr("words and patches"))),
        "words_and_chips": (_tr("word or chip"), _tr("words and chips")),
    }
    return names.get(axis)


@lru_cache(maxsize=64)
def in_order(axis: str) -> str:
    """How places are counted that lie in rows and columns or beside words; empty for others, of one order."""
    is_ordered = _is_one_after_another(axis) or place_name(axis).one in (_tr("patch"), _tr("pixel"))
    return _tr("in reading order") if is_ordered else ""


def about_order(axis: str) -> str:
    """The same with what it comes to; empty where there is nothing to tell."""
    if _is_one_after_another(axis):
        return _tr("in reading order: one after another, wherever they lie")
    return _tr("in reading order: after the end of a row comes the beginning of the next one") if in_order(axis) else ""


def _is_one_after_another(axis: str) -> bool:
    """Whether a model reads parts of an image in an order that says nothing of where they lie."""
    return axis == "regions" or _mixed(axis) is not None


def whole_name(axis: str) -> str:
    """What a whole sequence is called: the text, the image, the mesh."""
    if _mixed(axis) is not None:
        return _tr("input")
    one = place_name(axis).one
    if one in (_tr("patch"), _tr("pixel"), _tr("region")):
        return _tr("image")
    if one == _tr("frame"):
        return _tr("film")
    return _tr("text") if one == _tr("token") else _tr("mesh")


def nothing_selected(axis: str, word: str, pos: int) -> str:
    """The one sentence for where a place could be selected and none is, with the one that views show instead."""
    text = _tr(
        "No {0} is selected: where a view needs one, it shows “{1}” ({2}). Click a {0} to see what it attends to."
    )
    return text.format(place_name(axis).one, isolated(word), pos)


def _tr(text: str) -> str:
    return QCoreApplication.translate("PlaceNames", text)
