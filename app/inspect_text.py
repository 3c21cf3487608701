"""What a checkpoint is, as aligned text."""

from __future__ import annotations

from inference.results import AttentionGroup, CheckpointInfo
from widgets.registry import VIEWS


def inspect_text(info: CheckpointInfo) -> str:
    """Facts, the views it offers and why others are off, and notes."""
    facts = {
        "Checkpoint": info.checkpoint,
        "Architecture": f"{info.architecture} ({info.family})",
        "Parameters": f"{info.n_parameters:,}",
        **{f"{group.title} attention": _group(group) for group in info.groups},
        "Width (d_model)": f"{info.d_model:,}",
        "Vocabulary": f"{info.d_vocab:,} tokens",
        "Longest input": f"{info.n_ctx:,} tokens" if info.n_ctx else "no limit",
        "Positions": info.position_kind,
        "Tokenizer": "yes" if info.has_tokenizer else "none: give token ids",
        "Mask token": info.mask_token or "none",
    }
    views = {view.title: _offered(info.why_missing(view.needs)) for view in VIEWS}
    parts = [info.name, *_aligned(facts), "", "Views", *_aligned(views)]
    if info.notes:
        parts += ["", "Notes", *(f"  {note}" for note in info.notes)]
    return "\n".join(parts)


def _group(group: AttentionGroup) -> str:
    fewest, most = min(group.n_heads, default=0), max(group.n_heads, default=0)
    heads = str(most) if fewest == most else f"{fewest}-{most}"
    return f"{group.n_layers} layers x {heads} heads{', causal' if group.is_causal else ''}"


def _offered(why_not: str) -> str:
    return f"no, {why_not}" if why_not else "yes"


def _aligned(rows: dict[str, str]) -> list[str]:
    width = max(map(len, rows))
    return [f"  {name:<{width}}  {value}" for name, value in rows.items()]
