"""What each thing that can be shown asks for, and how it is painted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from inference.results.alignment import AlignmentRequest, AlignmentResult
from inference.results.concepts import ConceptsRequest, ConceptsResult
from inference.results.grounding import GroundingRequest, GroundingResult
from inference.results.hidden_region import HiddenRegionRequest, HiddenRegionResult
from inference.results.joint import JointRequest, JointResult, JointWordsRequest, JointWordsResult
from inference.results.request import Request
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.views.joint.alignment_figure import JointAlignmentFigure
from widgets.views.joint.answers_figure import JointAnswersFigure
from widgets.views.joint.concepts_figure import JointConceptsFigure
from widgets.views.joint.diagram_figure import JointDiagramFigure
from widgets.views.joint.figure import JointFigure, JointPlace
from widgets.views.joint.grounding_figure import JointGroundingFigure
from widgets.views.joint.heads_figure import JointHeadsFigure
from widgets.views.joint.hidden_figure import JointHiddenFigure
from widgets.views.joint.map_figure import JointMapFigure
from widgets.views.joint.options import JointOptions, told_beside

Result = TypeVar("Result")
JointPicture = (
    JointFigure
    | JointMapFigure
    | JointHeadsFigure
    | JointGroundingFigure
    | JointAnswersFigure
    | JointHiddenFigure
    | JointAlignmentFigure
    | JointConceptsFigure
    | JointDiagramFigure
)
# Which options there is a control for, by what is shown; the others say nothing there.
SHOWN: dict[str, tuple[str, ...]] = {
    "image": ("attention", "direction", "apart", "boxes", "opacity"),
    "map": ("attention", "rows", "columns", "apart"),
    "heads": ("crossing", "measure"),
    "grounding": ("way",),
    "answers": (),
    "hidden": (),
    "alignment": (),
    "concepts": ("projection",),
    "diagram": (),
}
# Options of what a model is told beside words and image; those pages read scenes of their own that have none.
BESIDE: dict[str, str] = {"task": "task", "cells": "cells_seed"}
OF_OWN_SCENES = ("grounding", "concepts")


@dataclass(frozen=True)
class Chosen:
    """What is selected, beside the options.

    Attributes
    ----------
    level
        Of the maps; -1 as long as none was chosen: that of a selected token, else the first.
    hidden
        The region whose vector is hidden; -1 for none, None as long as nobody chose: the first one, if there is one.
    pinned
        Places whose attention is laid over the image.
    """

    level: int = -1
    hidden: int | None = None
    pinned: tuple[JointPlace, ...] = ()


def request_of(subject: Subject | None, options: JointOptions, chosen: Chosen) -> Request | None:
    """What is asked for; None while no text is typed."""
    if subject is None:
        return None
    name, regions = subject.checkpoint.checkpoint, subject.input.regions
    of_detector = regions is None or regions.of_detector
    if options.show == "grounding":
        return GroundingRequest(name, of_detector=of_detector)
    if options.show == "concepts":
        return ConceptsRequest(name, projection=options.projection, of_detector=of_detector)
    text = subject.input.text
    if text is None or not (text.text.strip() or text.token_ids):
        return None
    of = name, told_beside(subject.input, subject.checkpoint.told_beside, options)
    if options.show == "answers":
        return JointWordsRequest(*of)
    if options.show == "hidden":
        return HiddenRegionRequest(*of, -1 if chosen.hidden is None else chosen.hidden)
    return AlignmentRequest(*of) if options.show == "alignment" else JointRequest(*of, max(chosen.level, 0))


_TELLS: dict[str, type] = {
    "grounding": GroundingResult,
    "answers": JointWordsResult,
    "hidden": HiddenRegionResult,
    "alignment": AlignmentResult,
    "concepts": ConceptsResult,
}  # by what is shown, the kind of result that it is of; all else is of `JointResult`


class Answers:
    """The last result of each kind."""

    def __init__(self) -> None:
        self._found: dict[type, object] = {}

    def keep(self, result: object) -> None:
        """In place of the one before."""
        self._found[type(result)] = result

    def forget_others(self, show: str, *, is_same_checkpoint: bool) -> None:
        """Something else is looked at: what is seen may stay, the rest would be taken for what is told of this. What is
        told on scenes of its own is the same for every input."""
        kept = (show, *OF_OWN_SCENES) if is_same_checkpoint else (show,)
        kinds = {_TELLS.get(each, JointResult) for each in kept}
        self._found = {kind: found for kind, found in self._found.items() if kind in kinds}

    def of(self, kind: type[Result]) -> Result | None:
        """The last one of a kind; None for none."""
        found = self._found.get(kind)
        return found if isinstance(found, kind) else None

    def picture(self, options: JointOptions, chosen: Chosen, now: Selected) -> JointPicture | None:
        """What is shown; None while there is no result for it."""
        if options.show == "grounding":
            found = self.of(GroundingResult)
            return JointGroundingFigure(found, *selected_in(found, now), options.way) if found else None
        if options.show in ("answers", "hidden", "alignment", "concepts"):
            return self._told(options)
        result = self.of(JointResult)
        if result is None:
            return None
        head = max(0, min(now.head, result.n_heads - 1))
        if options.show == "map":
            return JointMapFigure(result, head, options)
        if options.show == "heads":
            return JointHeadsFigure(result, head, options)
        if options.show == "diagram":
            return JointDiagramFigure(result, (now.group, now.layer))
        return JointFigure(result, head, chosen.pinned or selected_places(result, now), options)

    def _told(self, options: JointOptions) -> JointPicture | None:
        if options.show == "answers":
            words = self.of(JointWordsResult)
            return JointAnswersFigure(words) if words else None
        if options.show == "hidden":
            hidden = self.of(HiddenRegionResult)
            return JointHiddenFigure(hidden) if hidden else None
        if options.show == "alignment":
            aligned = self.of(AlignmentResult)
            return JointAlignmentFigure(aligned) if aligned else None
        concepts = self.of(ConceptsResult)
        return JointConceptsFigure(concepts) if concepts else None


def selected_places(result: JointResult, now: Selected) -> tuple[JointPlace, ...]:
    """The token that is selected, as every view shows it; none where none of this sequence is."""
    at = now.query
    ends = {name: (start, stop) for name, start, stop in result.axes}
    if at is None or at.axis not in ends:
        return ()
    start, stop = ends[at.axis]
    return (JointPlace(start + at.index),) if start + at.index < stop else ()


def selected_in(found: GroundingResult, now: Selected) -> tuple[int, int]:
    """Level and head of what is selected; the best one where that is none that words look at the image with."""
    level = next((i for i, each in enumerate(found.levels) if (now.group, now.layer) in each.parts), -1)
    is_there = level >= 0 and now.head < found.scores.shape[1] and np.isfinite(found.scores[level, now.head])
    return (level, now.head) if is_there else found.best
