"""What a checkpoint is, as aligned text."""

from __future__ import annotations

from app.hub.sizes import memory_text
from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.counts import listed, noun
from inference.results.needs import USUAL_TOKENS, memory_need
from widgets.registry import VIEWS

_N_CLASSES = 6  # named
# Families whose names are written otherwise than as words.
_FAMILIES = {
    "blip_2": "BLIP-2",
    "blip_2_t5": "BLIP-2 with T5",
    "blip": "BLIP",
    "blip_answers": "BLIP that answers",
    "bridgetower": "BridgeTower",
    "canine": "CANINE",
    "clip_text": "CLIP, its texts alone",
    "flava": "FLAVA",
    "fsmt": "FSMT",
    "gemma3": "Gemma 3",
    "idefics3": "Idefics3",
    "image_gpt": "Image GPT",
    "internvl": "InternVL",
    "llava": "LLaVA",
    "llava_next": "LLaVA-NeXT",
    "lxmert": "LXMERT",
    "merlot": "MERLOT",
    "nystromformer": "Nyströmformer",
    "paligemma": "PaliGemma",
    "pixel_bert": "Pixel-BERT",
    "prophetnet": "ProphetNet",
    "qwen_vl": "Qwen-VL",
    "t5_encoder": "T5, its encoder alone",
    "timesformer": "TimeSformer",
    "unicoder_vl": "Unicoder-VL",
    "uniter": "UNITER",
    "videobert": "VideoBERT",
    "vilbert": "ViLBERT",
    "vilt": "ViLT",
    "virtex": "VirTex",
    "visual_bert": "VisualBERT",
    "vl_bert": "VL-BERT",
    "xlnet": "XLNet",
}


def inspect_text(info: CheckpointInfo, n_tokens: int = USUAL_TOKENS) -> str:
    """Facts, the views it offers and why others are off, and notes."""
    facts = {
        "Checkpoint": info.checkpoint,
        "Architecture": info.architecture,
        "Family": _FAMILIES.get(info.family) or info.family.replace("_", " ").capitalize(),
        "Parameters": f"{info.n_parameters:,}",
        **{f"{group.title} attention": _group(group) for group in info.groups},
        "Precision": precision_text(info),
        "Memory": memory_text(memory_need(info, n_tokens)),
        "Width (d_model)": f"{info.d_model:,}",
        "Positions": info.position_kind,
        **_reading(info),
    }
    views = {view.title: _offered(info.why_missing(view.needs)) for view in VIEWS}
    parts = [info.name, *aligned(facts), "", "Views", *aligned(views)]
    if info.notes:
        parts += ["", "Notes", *(f"  {note}" for note in info.notes)]
    return "\n".join(parts)


def precision_text(info: CheckpointInfo) -> str:
    """In which format the numbers of the file are, and in which it is run."""
    if not info.stored_in:
        return "not known"
    return f"{info.stored_in} in the file, {info.runs_in or 'float32'} when it runs"


def _reading(info: CheckpointInfo) -> dict[str, str]:
    """What it reads, and what it tells of that."""
    facts = {"Reads": listed(info.reads)}
    if "text" in info.reads:
        facts |= {
            "Vocabulary": f"{info.d_vocab:,} tokens",
            "Longest input": f"{info.n_ctx:,} tokens" if info.n_ctx else "no limit",
            "Tokenizer": "yes" if info.has_tokenizer else "none: give token ids",
            "Mask token": info.mask_token or "none",
        }
    if info.images:
        facts["Images"] = info.images
    if "masked_image" in info.capabilities:
        facts["Visual tokens"] = f"{info.d_vocab:,}"
    if info.classes:
        some = ", ".join(info.classes[:_N_CLASSES])
        facts["Classes"] = f"{len(info.classes):,}: {some}{' ...' if len(info.classes) > _N_CLASSES else ''}"
    return facts


def _group(group: AttentionGroup) -> str:
    of_each = [n for n in group.n_heads if n]
    fewest, most = min(of_each, default=0), max(of_each, default=0)
    heads = str(most) if fewest == most else f"{fewest}-{most}"
    return f"{group.about_layers} x {heads} {noun(most, 'heads')}{', causal' if group.is_causal else ''}"


def _offered(why_not: str) -> str:
    return f"no, {why_not}" if why_not else "yes"


def aligned(rows: dict[str, str]) -> list[str]:
    """One row a line, the values below each other."""
    width = max(map(len, rows))
    return [f"  {name:<{width}}  {value}" for name, value in rows.items()]
