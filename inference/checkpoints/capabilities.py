"""What a checkpoint offers, and why not what it does not: half a sentence each, for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.family.captioning import WritesCaptions
from inference.family.image_features import GivesImageFeatures
from inference.family.jointly import ReadsJointly
from inference.family.ordering import OrdersFrames
from inference.results.checkpoint import AttentionGroup, Missing
from inference.results.counts import listed
from inference.results.request import Capability

if TYPE_CHECKING:
    from inference.family.base import Family
    from inference.family.opened import Opened

PLURAL = {
    "text": "texts",
    "image": "images",
    "mesh": "meshes",
    "sound": "sounds",
    "regions": "regions",
    "clip": "films",
}


def missing(
    opened: Opened,
    family: Family,
    groups: tuple[AttentionGroup, ...],
    kind: str,
    unprepared: str = "",
    *,
    has_training_stages: bool = False,
) -> tuple[Missing, ...]:
    """What cannot be had and why.

    Parameters
    ----------
    kind
        Of positions, see `Reads.position_kind`.
    unprepared
        Why images cannot be made ready, as half a sentence; empty where they can, or where none is read.
    """
    named = opened.name
    reads = listed(PLURAL[kind] for kind in family.reads)
    why: dict[str, str] = {
        capability: f"{named} reads {reads}, not {PLURAL[capability.reads]}"
        if capability.reads is not None and capability.reads not in family.reads
        else ""
        for capability in Capability
    }
    why |= {
        "attention": "" if groups else f"{named} has no attention that can be read",
        "qk": ""
        if any(group.has_qk for group in groups)
        else f"{named} shows its attention patterns, but not the queries and keys",
        "translation": why["translation"] or f"{named} does not write a text from another one that it has read",
        "caption": why["caption"] or f"{named} writes no caption of an image",
        "answer": why["answer"] or f"{named} answers no questions about an image",
        "generation": why["generation"]
        or (
            f"{named} goes on with no text, it writes captions of images: see Caption"
            if isinstance(family, WritesCaptions)
            else f"{named} was not trained to go on with the text it reads"
        ),
        "comparison": why["comparison"] or f"{named} does not compare images with texts",
        "image_features": why["image_features"]
        or ("" if isinstance(family, GivesImageFeatures) else f"{named} makes no vector of an image alone"),
        "joint": why["joint"]
        or ("" if isinstance(family, ReadsJointly) else f"no attention of {named} goes between words and an image"),
        "visual_words": why["visual_words"] or f"{named} knows no visual words of films",
        "order": why["order"]
        or ("" if isinstance(family, OrdersFrames) else f"{named} does not say which frame of a film comes first"),
        "segments": why["segments"] or f"{named} gives pixels no labels",
        "training_stages": why["training_stages"]
        or ("" if has_training_stages else f"nothing of the training of this {named} is kept beside its weights"),
        "positions": "" if kind != "none" else f"{named} encodes no positions",
    }
    why |= family.lacks(opened)
    if why["masked_lm"] and isinstance(family, ReadsJointly) and not family.why_no_words(opened):
        why["masked_lm"] = f"{named} fills in masked words beside an image: see Words and image"
    if unprepared:
        reading = (each for each in Capability if each.reads in ("image", "clip") and not why[each])
        why |= dict.fromkeys(("attention", "qk", *reading), unprepared)
    return tuple(Missing(capability, why[capability]) for capability in Capability if why[capability])
