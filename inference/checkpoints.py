"""What a checkpoint is and can do, from config.json, the tokenizer's files and the header of the weights.

Nothing of it is run, no weight is read: as quick and as safe for 100 GB as for 10 MB.
"""

from __future__ import annotations

import os

# Before transformers is imported, which reads it once: nothing here may wait for a network.
os.environ["HF_HUB_OFFLINE"] = "1"

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from inference.config_file import CONFIG, build_config, named_class, read_config
from inference.context import Refused
from inference.registry import FAMILIES
from inference.results import AttentionGroup, CheckpointInfo, Missing
from inference.tokenizer_files import mask_token, vocabulary_file
from inference.weights_header import StoredTensor, read_weights
from resources import bundled_checkpoints, checkpoint_path

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from inference.architecture import Architecture
    from inference.family import Family

CAPABILITIES = ("attention", "qk", "positions", "masked_lm", "next_sentence")


@dataclass(frozen=True)
class Plan:
    """Everything that is known of a checkpoint before its weights are read."""

    folder: Path
    config: PreTrainedConfig
    family: Family
    architecture: Architecture
    stored: dict[str, StoredTensor]
    info: CheckpointInfo


def inspect(checkpoint: str) -> CheckpointInfo:
    """What a checkpoint is and can do.

    Parameters
    ----------
    checkpoint
        A bundled name, a folder, or config.json or the weights in one.

    Raises
    ------
    Refused
        It cannot be opened; one sentence that names the file and the reason.
    """
    return plan(checkpoint).info


def plan(checkpoint: str) -> Plan:
    """Inspect, and keep what loading needs. Raises as `inspect`."""
    folder = _folder(checkpoint)
    raw = read_config(folder)
    stored = read_weights(folder)
    config = build_config(folder, raw)
    named = named_class(raw)
    family_name, family = _family(config, named or config.model_type)

    # Imported late: the model classes take two seconds, which no refusal above needs to wait for.
    from inference.architecture import choose, n_parameters
    from inference.positions import n_ctx, position_kind

    architecture = choose(config, named, stored)
    groups = family.groups(config)
    mask = mask_token(folder)
    has_tokenizer = vocabulary_file(folder) is not None
    kind = position_kind(config)
    missing = _missing(architecture, family_name, groups, kind, mask if has_tokenizer else None)
    text_config = config.get_text_config()
    names = {item.capability for item in missing}
    info = CheckpointInfo(
        checkpoint=checkpoint if checkpoint in bundled_checkpoints() else str(folder),
        name=_name(folder),
        architecture=architecture.named,
        family=family_name,
        n_parameters=n_parameters(architecture.skeleton, stored),
        d_model=text_config.hidden_size,
        d_vocab=text_config.vocab_size,
        n_ctx=n_ctx(config),
        groups=groups,
        capabilities=tuple(name for name in CAPABILITIES if name not in names),
        missing=missing,
        has_tokenizer=has_tokenizer,
        mask_token=mask,
        position_kind=kind,
        device="",
        notes=(*architecture.notes, *family.notes(config)),
    )
    return Plan(folder, config, family, architecture, stored, info)


def _folder(checkpoint: str) -> Path:
    path = checkpoint_path(checkpoint)
    try:
        if path.is_dir():
            return path.resolve()
        exists = path.exists()
    except (OSError, ValueError):  # a name too long, or with a null character
        exists = False
    if not exists:
        raise Refused(
            f"{checkpoint[:200]!r} is neither a folder nor a bundled checkpoint; a model on the Hugging Face hub has "
            "to be downloaded first."
        )
    if path.suffix in (".json", ".safetensors") and (path.parent / CONFIG).is_file():
        return path.parent.resolve()
    if path.suffix in (".bin", ".pt", ".pth", ".ckpt"):
        raise Refused(f"{path.name} is a pickle that can run code; a folder with {CONFIG} and safetensors is needed.")
    if path.suffix in (".zip", ".tar", ".gz", ".tgz", ".7z"):
        raise Refused(f"{path.name} is an archive; unpack it and open the folder with {CONFIG} in it.")
    raise Refused(f"{path.name} is a single file; a folder with {CONFIG} and its weights is needed.")


def _name(folder: Path) -> str:
    """What the user calls it; in the hub's cache the folder is a hash and the name stands above it."""
    if folder.parent.name == "snapshots":
        return folder.parent.parent.name.removeprefix("models--").replace("--", "/")
    return folder.name


def _family(config: PreTrainedConfig, named: str) -> tuple[str, Family]:
    for name, where in FAMILIES.items():
        module, _, cls = where.partition(":")
        family = getattr(import_module(module), cls)
        if family.fits(config):
            return name, family()
    raise Refused(
        f"{CONFIG} says that it is a {named}, which cannot be read yet; Headlight opens text encoders, decoders and "
        "encoder-decoders so far."
    )


def _missing(
    architecture: Architecture, family: str, groups: tuple[AttentionGroup, ...], kind: str, mask: str | None
) -> tuple[Missing, ...]:
    """What cannot be had and why. `mask`: text of the mask token, None without a tokenizer."""
    named = architecture.named
    why = {
        "attention": "" if groups else f"{named} has no attention that can be read",
        "qk": ""
        if any(group.has_qk for group in groups)
        else f"{named} shows its attention patterns, but not the queries and keys",
        "positions": "" if kind != "none" else f"{named} encodes no positions",
        "masked_lm": _why_no_masked_lm(architecture, family, mask),
        "next_sentence": _why_no_next_sentence(architecture, mask),
    }
    return tuple(Missing(capability, why[capability]) for capability in CAPABILITIES if why[capability])


def _why_no_masked_lm(architecture: Architecture, family: str, mask: str | None) -> str:
    from inference.architecture import MASKED_LM_CLASSES

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
    from inference.architecture import NEXT_SENTENCE_CLASSES

    if architecture.net_class.__name__ not in NEXT_SENTENCE_CLASSES:
        if architecture.named in NEXT_SENTENCE_CLASSES:
            return "the checkpoint holds no next-sentence head"
        return f"{architecture.named} has no next-sentence head"
    return "the checkpoint holds no tokenizer for a pair of sentences" if mask is None else ""
