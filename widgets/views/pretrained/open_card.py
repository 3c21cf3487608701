"""What is told of the open checkpoint, beside the card of a model of the tree."""

from __future__ import annotations

import re

from PySide6.QtCore import QCoreApplication

from inference.results.checkpoint import CheckpointInfo
from inference.results.counts import noun
from widgets.figures.counts import number_of
from widgets.figures.places import place_name
from widgets.kit.clean import clean
from widgets.views.pretrained.models import objective_of

_OWN_FILE = re.compile(r" of resources/\w+\.py| \(resources/\w+\.py\)")
_ELSEWHERE = re.compile(r"\b(?:above|below)\b")
_SENTENCES = re.compile(r"(?<=[.!?]) ")


def told_of(info: CheckpointInfo, cut_by: str) -> tuple[tuple[str, str], ...]:
    """What it is, what it was trained for and on what, by name."""
    heads = sorted({n for group in info.groups for n in group.n_heads})
    layers = ", ".join(f"{group.title}: {number_of(group.n_layers, 'layers')}" for group in info.groups)
    many = _tr("{} {}, {:,} wide").format(
        "–".join(map(str, heads[:1] + heads[1:][-1:])), _tr(noun(max(heads, default=0), "heads")), info.d_model
    )
    size = _tr("{:,} parameters").format(info.n_parameters)
    size += _tr("; vocabulary of {:,}").format(info.d_vocab) if info.d_vocab else ""
    places = place_name("text" if "text" in info.reads or not info.groups else info.groups[0].query_axis).many
    is_of_one_size = "image" in info.reads and info.position_kind in ("learned", "relative")
    unsaid = _tr("not stated")
    # Learned positions are a limit, whether or not it is known.
    unlimited = unsaid if info.position_kind == "learned" else _tr("no limit")
    context = f"{info.n_ctx:,} {places}" if info.n_ctx else _tr("images of one size") if is_of_one_size else unlimited
    languages = _tr("; languages: {}").format(clean(info.card.languages)) if info.card.languages else ""
    return (
        (_tr("Class"), clean(info.architecture)),
        (_tr("Objective"), _tr(objective_of(info.architecture)) or unsaid),
        (_tr("Architecture"), f"{layers}; {many}" if info.groups else many),
        (_tr("Size"), size),
        (_tr("Context"), _tr("{}; positions: {}").format(context, clean(info.position_kind))),
        (_tr("Data"), clean(stated(info.card.data)) or unsaid),
        *([(_tr("Tokens"), cut_by)] if cut_by else []),
        (_tr("Licence"), (clean(info.card.licence) or unsaid) + languages),
    )


def stated(data: str) -> str:
    """What a README says of data, without what cannot be followed here: what stands elsewhere in it, and file names."""
    sentences = []
    for sentence in _SENTENCES.split(_OWN_FILE.sub("", " ".join(data.split()))):
        parts = [part for part in sentence.split("; ") if not _ELSEWHERE.search(part)]
        if parts:
            sentences.append("; ".join(parts).removesuffix(".") + "." * sentence.endswith("."))
    return " ".join(sentences)


def _tr(text: str) -> str:
    return QCoreApplication.translate("FamilyTree", text)
