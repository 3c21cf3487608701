"""What a checkpoint is and can do, from config.json, the tokenizer's files and the header of the weights.

Nothing of it is run, no weight is read: as quick and as safe for 100 GB as for 10 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from inference.checkpoints.adapter_heads import find_head
from inference.checkpoints.adapters import ADAPTER_CONFIG, find_adapter
from inference.checkpoints.capabilities import missing
from inference.checkpoints.header_guess import completed
from inference.checkpoints.left_over import (
    Placing,
    check_adapters,
    check_body,
    check_config,
    check_whole,
    note_unused,
    placed,
)
from inference.checkpoints.open_clip import OPEN_CLIP_CONFIG, find_open_clip
from inference.checkpoints.training_stages import has_training_stages
from inference.checkpoints.weights_header import StoredTensor, read_weights, stored_in, weights_file
from inference.context import Refused
from inference.family.base import Family, ReadsImages
from inference.family.clips import ReadsClips
from inference.family.jointly import ReadsJointly
from inference.family.opened import Opened
from inference.family.unread import why_unread
from inference.files.chat_template import read_chat_template
from inference.files.config_file import CONFIG, build_config, config_of_text, named_class, read_config
from inference.files.hub_layout import folder_of_version, own_cache
from inference.files.model_card import read_card
from inference.files.regular_files import UnsafeFileError
from inference.files.tokenizer_files import mask_token, vocabulary_file
from inference.inputs.image_preparation import PREPROCESSOR, read_preparation
from inference.registry import FAMILIES
from inference.results.checkpoint import (
    TYPE_IDS,
    CheckpointInfo,
    Missing,
    folder_name,
    in_own_precision,
    split_precision,
)
from inference.results.request import Capability
from resources import bundled_checkpoints, checkpoint_path

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from inference.checkpoints.adapters import Adapter
    from inference.checkpoints.architecture import Architecture
    from inference.checkpoints.open_clip import OpenClipFolder
    from inference.inputs.images import Preparation
    from inference.results.checkpoint import AttentionGroup


_N_CHANNELS = 3


@dataclass(frozen=True)
class CheckpointPlan:
    """Everything that is known of a checkpoint before its weights are read.

    Attributes
    ----------
    placing
        Which tensors find no place, and which places no tensor.
    of_base
        Where an adapter brings a head: all tensors in the folder of the base, also those that the adapter replaces.
    open_clip
        Where it is a folder of open_clip's: `stored` has its tensors under transformers' names.
    """

    folder: Path
    config: PreTrainedConfig
    family: Family
    architecture: Architecture
    stored: dict[str, StoredTensor]
    placing: Placing
    info: CheckpointInfo
    preparation: Preparation | None = None
    adapter: Adapter | None = None
    is_own_precision: bool = False
    of_base: dict[str, StoredTensor] | None = None
    open_clip: OpenClipFolder | None = None


_WHOLE: Mapping[str, int] = MappingProxyType({})


def inspect(checkpoint: str, sizes: Mapping[str, int] = _WHOLE) -> CheckpointInfo:
    """What a checkpoint is and can do.

    Parameters
    ----------
    checkpoint
        A bundled name, a folder, or config.json or the weights in one.
    sizes
        Bytes of those files of weights of which only the beginning lies here; it can be told of, and not be loaded.

    Raises
    ------
    Refused
        It cannot be opened; one sentence that names the file and the reason.
    """
    return plan(checkpoint, sizes).info


def plan(checkpoint: str, sizes: Mapping[str, int] = _WHOLE) -> CheckpointPlan:
    """Inspect, and keep what loading needs. Raises as `inspect`."""
    place, is_own_precision = split_precision(checkpoint)
    own_folder = _folder(place)
    adapter = find_adapter(own_folder)
    folder = adapter.base if adapter else own_folder
    open_clip = find_open_clip(folder)
    raw = open_clip.config if open_clip else read_config(folder)
    stored = open_clip.renamed if open_clip else read_weights(folder, sizes)
    head = find_head(adapter, raw) if adapter else None
    of_base = stored if head is not None else None
    if head is not None:
        raw, stored = head.config, stored | head.stored
    raw = completed(raw, stored)
    config = build_config(raw)
    check_config(raw, config)
    check_adapters(stored)
    named = named_class(raw)
    config.architectures = [named] if named else []  # whatever the file says, families ask for names
    family_name, family = _family(config, named or config.model_type)

    # Imported late: the model classes take two seconds, which no refusal above needs to wait for.
    from inference.checkpoints.architecture import choose, n_parameters
    from inference.family.text_heads import PREDICTORS

    architecture = choose(
        config, named, stored, family.heads, frozenset(PREDICTORS) if family.predicts else frozenset()
    )
    placing = placed(stored, architecture.skeleton)
    check_body(placing.unplaced, stored, architecture.skeleton)
    check_whole(placing.unfilled, placing.unplaced, weights_file(of_base or stored))
    unused = note_unused(placing.unplaced, adapter.base.name if adapter and head is not None else "")
    noted = (*architecture.notes, *unused, *(adapter.notes if adapter else ()))
    of_head = unused if head is not None else ()
    explained = (*of_head[:1], *(adapter.notes if adapter else ()), *family.notes(config), *of_head[1:])
    config.architectures = [architecture.net_class.__name__]  # what is opened, which may have lost a head
    groups = family.groups(config)
    has_tokenizer, mask, about_tokenizer = _tokenizer(folder, config.model_type, family)
    preparation = _preparation(folder, config, family, open_clip)
    kind = family.position_kind(config)
    unprepared = _why_unprepared(preparation, config, family)
    opened = Opened(architecture.named, architecture.net_class.__name__, config, mask if has_tokenizer else None)
    lacking = missing(opened, family, groups, kind, unprepared, has_training_stages=has_training_stages(own_folder))
    text_config = config_of_text(config)
    names = {item.capability for item in lacking}
    is_writer = not {Capability.GENERATION, Capability.ANSWER} <= names
    can_chat = has_tokenizer and is_writer and bool(read_chat_template(folder))
    info = CheckpointInfo(
        checkpoint=in_own_precision(
            place if place in bundled_checkpoints() else str(own_folder), is_own=is_own_precision
        ),
        name=folder_name(str(own_folder)),
        architecture=architecture.named,
        family=family_name,
        n_parameters=n_parameters(architecture.skeleton, stored),
        d_model=getattr(text_config, "hidden_size", 0),
        d_vocab=getattr(text_config, "vocab_size", 0),
        n_ctx=family.n_ctx(config),
        groups=groups,
        capabilities=tuple(capability for capability in Capability if capability not in names),
        missing=lacking,
        has_tokenizer=has_tokenizer,
        mask_token=mask,
        position_kind=kind,
        device="",
        notes=(*noted, *about_tokenizer, *family.notes(config), *(preparation.notes if preparation else ())),
        reads=family.reads,
        explained=explained,
        stored_in=stored_in(stored),
        classes=family.classes(config),
        images=_images(config, family, groups, family.reads) if isinstance(family, ReadsImages) else "",
        image_kind=preparation.kind if preparation else "",
        image_step=max(preparation.unit) if preparation and preparation.is_free else 0,
        has_chat_template=can_chat,
        compares=family.compares(config) if has_tokenizer else (),
        card=read_card(own_folder),
        detector=family.detector(config) if isinstance(family, ReadsJointly) else "",
        told_beside=family.told_beside(config) if isinstance(family, ReadsJointly) else (),
    )
    return CheckpointPlan(
        folder,
        config,
        family,
        architecture,
        stored,
        placing,
        info,
        preparation,
        adapter,
        is_own_precision,
        of_base,
        open_clip,
    )


def _tokenizer(folder: Path, model_type: str, family: Family) -> tuple[bool, str, tuple[str, ...]]:
    """Whether texts can be typed, the mask token, and what to say of files that cannot be read."""
    if "text" not in family.reads:
        return False, "", ()
    try:
        return vocabulary_file(folder) is not None, mask_token(folder, model_type), ()
    except UnsafeFileError:
        raise
    except Refused as refused:
        return False, "", (f"{refused} {TYPE_IDS}",)


def without_tokenizer(info: CheckpointInfo, why: str) -> CheckpointInfo:
    """The same for a checkpoint whose tokenizer turned out to be of no use."""
    lost = {Capability.MASKED_LM, Capability.NEXT_SENTENCE, Capability.COMPARISON} & {*info.capabilities}
    return replace(
        info,
        has_tokenizer=False,
        has_chat_template=False,
        mask_token="",
        compares=(),
        capabilities=tuple(capability for capability in info.capabilities if capability not in lost),
        missing=(*info.missing, *(Missing(capability, "the tokenizer cannot be read") for capability in sorted(lost))),
        notes=(*info.notes, f"{why} {TYPE_IDS}"),
    )


def _preparation(
    folder: Path, config: PreTrainedConfig, family: Family, open_clip: OpenClipFolder | None
) -> Preparation | None:
    if not isinstance(family, ReadsImages):
        return None
    says = (OPEN_CLIP_CONFIG, open_clip.images) if open_clip else None
    preparation = read_preparation(folder, config, family.takes(config), says)
    # How an image is resized is nothing to a model that reads features of its regions.
    return replace(preparation, notes=()) if "regions" in family.reads else preparation


def _why_unprepared(preparation: Preparation | None, config: PreTrainedConfig, family: Family) -> str:
    if preparation is None or not isinstance(family, ReadsImages):
        return ""
    n_channels = getattr(config, "num_channels", _N_CHANNELS)
    if n_channels != _N_CHANNELS:
        return f"it was made for images of {n_channels} channels, not of red, green and blue"
    if preparation.palette is not None or not family.takes(config).n_colours:
        return ""
    return f"the checkpoint holds no palette of colours (clusters in {PREPROCESSOR})"


def _images(
    config: PreTrainedConfig, family: ReadsImages, groups: tuple[AttentionGroup, ...], reads: tuple[str, ...]
) -> str:
    """What images it is made for, in words."""
    takes = family.takes(config)
    if "regions" in reads:
        return "of any size, of which regions are read"
    if takes.tiling is not None:
        return "of any size"
    size = f"{takes.size[1]} × {takes.size[0]} pixels"
    if isinstance(family, ReadsClips):
        size = f"{family.n_frames(config)} frames of {size}"
    if takes.n_colours:
        return f"{size} in {takes.n_colours:,} colours"
    grid = family.grid(groups[0].name, config, takes.size)
    return f"{size} in {grid.columns} × {grid.rows} patches{', or other sizes' if takes.is_free else ''}"


def _folder(checkpoint: str) -> Path:
    path = checkpoint_path(checkpoint)
    try:
        if path.is_dir():
            return path.resolve()
        exists = path.exists()
    except (OSError, ValueError):  # a name too long, or with a null character
        exists = False
    if not exists:
        repo, _, revision = checkpoint.partition("@")
        cached = folder_of_version(own_cache(), repo, revision or "main")
        if cached is not None:
            return cached
        if path.is_absolute():  # of a list of what was open before, say: no id on the hub is meant
            raise Refused(f"There is no folder {checkpoint[:200]!r}; it may have been moved or deleted.")
        raise Refused(
            f"{checkpoint[:200]!r} is neither a folder nor a bundled checkpoint, nor in the hub's cache; a model on "
            "the Hugging Face hub has to be downloaded first."
        )
    holds = (path.parent / name for name in (CONFIG, ADAPTER_CONFIG, OPEN_CLIP_CONFIG))
    if path.suffix in (".json", ".safetensors") and any(place.is_file() for place in holds):
        return path.parent.resolve()
    if path.suffix == ".gguf":
        raise Refused(
            f"{path.name} is a GGUF file; File > Convert weights (headlight convert) makes a folder of it that can be"
            " opened."
        )
    if path.suffix in (".bin", ".pt", ".pth", ".ckpt"):
        raise Refused(f"{path.name} is a pickle that can run code; a folder with {CONFIG} and safetensors is needed.")
    if path.suffix in (".zip", ".tar", ".gz", ".tgz", ".7z"):
        raise Refused(f"{path.name} is an archive; unpack it and open the folder with {CONFIG} in it.")
    raise Refused(f"{path.name} is a single file; a folder with {CONFIG} and its weights is needed.")


def _family(config: PreTrainedConfig, named: str) -> tuple[str, Family]:
    for name, where in FAMILIES.items():
        module, _, cls = where.partition(":")
        family = getattr(import_module(module), cls)
        if family.fits(config):
            return name, family()
    raise Refused(f"{CONFIG} says that it is a {named}, {why_unread(config)}.")
