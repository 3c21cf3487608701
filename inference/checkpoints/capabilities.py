"""What a checkpoint offers, and why not what it does not: half a sentence each, for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.results.checkpoint import AttentionGroup, Missing
from inference.results.request import Capability

if TYPE_CHECKING:
    from inference.checkpoints.architecture import Architecture
    from inference.family import Family

PLURAL = {"text": "texts", "image": "images", "mesh": "meshes"}


def missing(
    architecture: Architecture,
    family: Family,
    groups: tuple[AttentionGroup, ...],
    kind: str,
    mask: str | None,
    unprepared: str = "",
) -> tuple[Missing, ...]:
    """What cannot be had and why.

    Parameters
    ----------
    kind
        Of positions, see `inference.positions.kinds.position_kind`.
    mask
        Text of the mask token, None without a tokenizer.
    unprepared
        Why pictures cannot be made ready, as half a sentence; empty where they can, or where none is read.
    """
    named = architecture.named
    reads = " and ".join(PLURAL[kind] for kind in family.reads)
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
        "positions": "" if kind != "none" else f"{named} encodes no positions",
    }
    why |= family.lacks(architecture, mask)
    if unprepared:
        reading = (capability for capability in Capability if capability.reads == "image" and not why[capability])
        why |= dict.fromkeys(("attention", "qk", *reading), unprepared)
    return tuple(Missing(capability, why[capability]) for capability in Capability if why[capability])


def text_lacks(architecture: Architecture, family: str, mask: str | None) -> dict[str, str]:
    """For `Family.lacks` of models that read text."""
    return {
        "masked_lm": _why_no_masked_lm(architecture, family, mask),
        "next_sentence": _why_no_next_sentence(architecture, mask),
    }


def _why_no_masked_lm(architecture: Architecture, family: str, mask: str | None) -> str:
    from inference.checkpoints.architecture import MASKED_LM_CLASSES

    named = architecture.named
    if family == "decoder":
        return f"{named} predicts the next word, it has no mask token"
    if family == "encoder_decoder":
        return f"{named} writes a new text, it does not fill masks"
    if architecture.net_class.__name__ not in MASKED_LM_CLASSES:
        if named in MASKED_LM_CLASSES:
            return "the checkpoint holds no language-model head"
        return f"{named} has no language-model head"
    if mask is None:
        return "the checkpoint holds no tokenizer, so there is no mask token"
    return "" if mask else "the checkpoint's tokenizer has no mask token"


def _why_no_next_sentence(architecture: Architecture, mask: str | None) -> str:
    from inference.checkpoints.architecture import NEXT_SENTENCE_CLASSES

    if architecture.net_class.__name__ not in NEXT_SENTENCE_CLASSES:
        if architecture.named in NEXT_SENTENCE_CLASSES:
            return "the checkpoint holds no next-sentence head"
        return f"{architecture.named} has no next-sentence head"
    return "the checkpoint holds no tokenizer for a pair of sentences" if mask is None else ""
