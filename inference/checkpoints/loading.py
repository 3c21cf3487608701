"""Opening a checkpoint: from files to a model in memory that is known to be whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from transformers import GenerationConfig
from transformers.utils import logging

from inference.checkpoints.adapter_heads import read_head
from inference.checkpoints.adapters import merge
from inference.checkpoints.devices import CPU, check_room, find_device, usual_device
from inference.checkpoints.free_memory import check_fits, running_bytes
from inference.checkpoints.image_tokenizers import load_image_tokenizer
from inference.checkpoints.inspection import CheckpointPlan, plan, without_tokenizer
from inference.checkpoints.left_over import check_body, check_whole, is_computed, note_unused
from inference.checkpoints.weights_header import weights_file
from inference.checkpoints.weights_reading import MisfitError, WeightsReading, read_net, read_tensors
from inference.context import Refused
from inference.files.chat_template import has_thinking_switch, read_chat_template, why_no_system
from inference.files.generation_file import checked, read_generation
from inference.files.regular_files import UnsafeFileError
from inference.files.tokenizer_files import OtherVocabularyError, load_tokenizer
from inference.inputs.languages import languages_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from inference.checkpoints.weights_header import StoredTensor
    from inference.context import Context
    from inference.family.base import Family
    from inference.inputs.images import Preparation
    from inference.models.image_tokenizer import ImageTokenizer
    from inference.results.checkpoint import CheckpointInfo

# What goes wrong is raised; a log or a bar would go to a terminal that may not be there.
logging.set_verbosity_error()
logging.disable_progress_bar()

_N_STEPS = 2
_RUNS_IN = ("float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True)
class Loaded:
    """All that was read of a checkpoint.

    Attributes
    ----------
    net
        In float32 and eval mode, on `device`.
    preparation
        How images are made ready; None for models that read none.
    image_tokenizer
        What names visual tokens; None for checkpoints without one.
    chat_template
        Empty for checkpoints without one.
    """

    info: CheckpointInfo
    net: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase | None
    family: Family
    device: torch.device
    preparation: Preparation | None
    image_tokenizer: ImageTokenizer | None
    chat_template: str


def read(checkpoint: str, context: Context, on: str, make_room: Callable[[int], None]) -> Loaded:
    """Read all of a checkpoint, to be run on a device; see `inference.forward.opening.load`.

    transformers fills what a file lacks with random numbers and says so in a log; here that is refused, as are
    weights that are not numbers.
    """
    found = plan(checkpoint)
    context.checkpoint(0, _N_STEPS, f"Reading {found.info.name}")
    place = find_device(on or usual_device())
    n_bytes = running_bytes(found.stored, is_own_precision=found.is_own_precision)
    make_room(n_bytes)
    check_fits(found.stored)
    if place.name != CPU:
        check_room(place, n_bytes, found.info.name)
    with WeightsReading(found.folder, _own_tensors(found), context.checkpoint) as reading:
        tokenizer, info = _tokenizer(found)
        image_tokenizer = _image_tokenizer(found)
        net, unused = _read(found, reading)
    merged = merge(found.adapter, net) if found.adapter else ()
    context.checkpoint(1, _N_STEPS, "Checking weights")
    if found.adapter or found.open_clip or not reading.are_finite:  # else all that it holds was looked at
        _check_finite(net, found, context)
    if found.is_own_precision:
        net.to(dtype=_own_precision(found))  # pyright: ignore[reportCallIssue] (as below)
    _set_generation(net, found.folder)
    device = torch.device(place.name)
    net.to(device).eval()  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)
    base = found.adapter.base.name if found.adapter and found.of_base is not None else ""
    as_chosen = (*merged[:1], *_note_precision(net))  # by the adapter's folder, and by the user
    info = replace(
        info,
        languages=languages_of(tokenizer),
        runs_in=str(net.dtype).removeprefix("torch."),
        device=place.title,
        notes=tuple(dict.fromkeys((*info.notes, *note_unused(unused, base), *merged, *as_chosen))),
        explained=(*info.explained, *as_chosen),
    )
    if image_tokenizer is not None:
        image_tokenizer.to(device)  # pyright: ignore[reportArgumentType]
    template = read_chat_template(found.folder) if info.has_chat_template else ""
    if tokenizer is not None:
        tokenizer.chat_template = template or None  # families of chat models ask it
    if tokenizer is not None and template:
        takes = {
            "why_no_system": why_no_system(template, tokenizer),
            "can_think": has_thinking_switch(template, tokenizer),
        }
        info = replace(info, **takes)
    return Loaded(info, net, tokenizer, found.family, device, found.preparation, image_tokenizer, template)


def _set_generation(net: PreTrainedModel, folder: Path) -> None:
    """How its texts are to be written: as its file says, else as config.json does, each entry checked."""
    said = getattr(net, "generation_config", None)  # base models write nothing, and have none
    if said is not None:
        given = checked(said.to_dict()) | read_generation(folder)
        net.generation_config = GenerationConfig(**given)


def _tokenizer(found: CheckpointPlan) -> tuple[PreTrainedTokenizerBase | None, CheckpointInfo]:
    """One that cannot be read costs the typed text, not the checkpoint: token ids still serve."""
    if not found.info.has_tokenizer:
        return None, found.info
    try:
        return load_tokenizer(found.folder, found.config), found.info
    except (OtherVocabularyError, UnsafeFileError):
        raise
    except Refused as refused:
        return None, without_tokenizer(found.info, str(refused))


def _note_precision(net: PreTrainedModel) -> tuple[str, ...]:
    is_usual = net.dtype == torch.float32
    return () if is_usual else (f"It is run in {str(net.dtype).removeprefix('torch.')}, as its file is stored.",)


def _own_precision(found: CheckpointPlan) -> torch.dtype:
    """The format of most weights of the file.

    Raises
    ------
    Refused
        It is none that models are run in.
    """
    name = found.info.stored_in.partition(",")[0]
    if name not in _RUNS_IN:
        raise Refused(
            f"The weights of {found.info.name} are stored as {name}; models are run as {', '.join(_RUNS_IN)}."
        )
    return getattr(torch, name)


def _image_tokenizer(found: CheckpointPlan) -> ImageTokenizer | None:
    """Only where it has something to name: the visual tokens of masked patches."""
    if "masked_image" not in found.info.capabilities:
        return None
    return load_image_tokenizer(found.folder, found.config)


def _own_tensors(found: CheckpointPlan) -> dict[str, StoredTensor]:
    """Those in its folder that go into the network as they are; open_clip's are renamed, and cut, before."""
    if found.open_clip:
        return {}
    return found.stored if found.of_base is None else found.of_base


def _read(found: CheckpointPlan, reading: WeightsReading) -> tuple[PreTrainedModel, list[str]]:
    """The network, and the names of the tensors that it did not take."""
    net_class = found.architecture.net_class
    try:
        more = read_head(found.adapter) if found.adapter and found.of_base is not None else {}
        if found.open_clip:
            more = found.open_clip.renamed_tensors(read_tensors(found.folder, found.open_clip.stored))
        net, report = read_net(net_class, found.config, reading, more)
    except MisfitError as misfit:
        raise Refused(f"{_weights_file(found)} does not fit {net_class.__name__}: {misfit}") from misfit
    unused = sorted(report["unexpected_keys"])
    check_whole(report["missing_keys"], unused, _weights_file(found))
    unused = [name for name in unused if not is_computed(name, found.stored.get(name))]
    check_body(unused, found.stored, found.architecture.skeleton)
    return net, unused


def _check_finite(net: PreTrainedModel, found: CheckpointPlan, context: Context) -> None:
    for name, parameter in net.named_parameters():
        context.checkpoint()
        # A sum is quicker than a mask of the same size, and is finite only if every term is.
        if not torch.isfinite(parameter.detach().sum()) and not torch.isfinite(parameter).all():
            n_bad = int((~torch.isfinite(parameter)).sum())
            raise Refused(
                f"{_weights_file(found)} is damaged: {n_bad:,} of the {parameter.numel():,} numbers of {name} are NaN "
                "or infinite."
            )


def _weights_file(found: CheckpointPlan) -> str:
    return weights_file(found.of_base or found.stored)
