"""What the places of a sequence are called: a text has tokens, an image patches, a mesh vertices."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from widgets.kit.clean import isolated


@dataclass(frozen=True)
class PlaceName:
    """What one place of a sequence is called, and several of them."""

    one: str
    many: str


def place_name(axis: str) -> PlaceName:
    """What the places of a sequence are called, by the name of the sequence in `AttentionGroup`."""
    names = {
        "patches": (_tr("patch"), _tr("patches")),
        **dict.fromkeys(("all patches", "film", "places"), (_tr("patch"), _tr("patches"))),
        "frames": (_tr("frame"), _tr("frames")),
        "probe": (_tr("patch"), _tr("patches")),
        "pixels": (_tr("pixel"), _tr("pixels")),
        "image": (_tr("patch"), _tr("patches")),
        "coordinates": (_tr("coordinate"), _tr("coordinates")),
        "items": (_tr("vertex"), _tr("vertices")),
        "pointers": (_tr("face token"), _tr("face tokens")),
    }
    is_stage = axis.startswith("stage_")  # of a vision transformer that merges patches from stage to stage
    return PlaceName(*names.get("patches" if is_stage else axis, (_tr("token"), _tr("tokens"))))


def in_order(axis: str) -> str:
    """How places that lie in rows and columns are counted; empty for others, which have but one order."""
    return _tr("in reading order") if place_name(axis).one in (_tr("patch"), _tr("pixel")) else ""


def whole_name(axis: str) -> str:
    """What a whole sequence is called: the text, the image, the mesh."""
    one = place_name(axis).one
    if one in (_tr("patch"), _tr("pixel")):
        return _tr("image")
    if one == _tr("frame"):
        return _tr("film")
    return _tr("text") if one == _tr("token") else _tr("mesh")


def nothing_selected(axis: str, word: str, pos: int) -> str:
    """The one sentence for where a place could be selected and none is, with the one that views show instead."""
    text = _tr("Nothing is selected: views of one place begin with “{1}” ({2}). Click a {0} to see what it attends to.")
    return text.format(place_name(axis).one, isolated(word), pos)


def _tr(text: str) -> str:
    return QCoreApplication.translate("PlaceNames", text)
