"""What of a checkpoint is left over: tensors without a place, places without a tensor, values that nothing reads.

A head that is not shown may be left aside, and is said. What lies within the body of the model changes what every view
shows, so it is refused: relative positions of a BERT (`distance_embedding`), adapters, layers beyond the last one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inference.context import Refused
from inference.files.config_file import CONFIG
from inference.results.counts import count_of, verb

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel
    from transformers.core_model_loading import WeightConverter

    from inference.checkpoints.weights_header import StoredTensor

# Tensors that older versions stored and newer ones compute: numbers of positions, causal masks, rotary frequencies,
# sinusoids, windows of Swin, the bias of logits.
_COMPUTED = re.compile(
    r"(position_ids|token_type_ids|inv_freq|masked_bias|relative_position_index|relative_coords_table|attn_mask"
    r"|num_batches_tracked|embed_positions\.(weights?|_float_tensor)|final_logits_bias|logit_scale)$"
)
_MASK = re.compile(r"(attn|attention|self_attn)\.bias$")  # of causal models, where it has the shape of a map
_LORA = re.compile(r"\.lora_|\.base_layer\.")
_ADAPTER = re.compile(r"adapter|prefix_tuning|prompt_embeddings|ia3_|\.loha_|\.lokr_|\.oft_|\.vera_")

# What a model is made of, under names that some classes do not read, and the names of the same value that they do.
_SAME = {
    "num_hidden_layers": ("n_layer", "n_layers", "num_layers", "num_hidden_layers"),
    "num_attention_heads": ("n_head", "n_heads", "num_heads", "num_attention_heads"),
    "hidden_size": ("n_embd", "d_model", "dim", "hidden_size"),
    "intermediate_size": ("n_inner", "d_ff", "ffn_dim", "hidden_dim", "intermediate_size"),
    "rope_theta": ("rotary_emb_base", "rotary_base", "rope_theta"),
    "partial_rotary_factor": ("rotary_emb_fraction", "rotary_pct", "partial_rotary_factor"),
}
_USUAL = {
    "position_embedding_type": ("absolute", None),
    "alibi": (False, None),
    "use_alibi": (False, None),
    "rotary_emb_interleaved": (False, None),
    "rotary_emb_scale_base": (None,),
    "rotary_scaling_factor": (None, 1.0),
    "use_rms_norm": (False, None),
    "parallel_block": (False, None),
    "scale_attn_by_inverse_layer_idx": (False, None),
    "scale_attn_weights": (True, None),
    "qk_layernorm": (False, None),
    "sliding_window": (None,),
    "attn_logit_softcapping": (None,),
}


def check_config(raw: dict[str, Any], config: PreTrainedConfig) -> None:
    """Raise `Refused` where config.json says of the body what the class of transformers does not read.

    Parameters
    ----------
    raw
        config.json as it stands.
    config
        What transformers made of it.
    """
    from transformers import __version__

    read = {*type(config).__dataclass_fields__, *type(config).attribute_map}
    # Newer versions keep rotary values in a dictionary of their own.
    rotary: dict[str, Any] = getattr(config, "rope_parameters", None) or {}
    for name, spellings in _SAME.items():
        for key in spellings:
            if raw.get(key) is None or key in read:
                continue
            value = rotary.get(name) if name in rotary else getattr(config, name, None) if name in read else None
            if value is None or value == raw[key]:
                continue
            raise Refused(
                f"{CONFIG} says {key} is {str(raw[key])[:40]}, but transformers {__version__} reads no {key} of a "
                f"{config.model_type}: its {name} would be {str(value)[:40]}."
            )
    for key, usual in _USUAL.items():
        if key in raw and key not in read and raw[key] not in usual and not _is_read(key, config):
            raise Refused(
                f"{CONFIG} says {key} is {str(raw[key])[:40]!r}, which transformers {__version__} does not follow for "
                f"a {config.model_type}: its attention would be another."
            )


def _is_read(key: str, config: PreTrainedConfig) -> bool:
    """Whether the code of the model names such a value, although its configuration does not declare it."""
    import inspect
    import sys

    module = type(config).__module__
    place = module.replace("configuration_", "modeling_")
    try:
        return any(key in inspect.getsource(sys.modules[name]) for name in (module, place) if name in sys.modules)
    except OSError:
        return False


def check_adapters(stored: dict[str, StoredTensor]) -> None:
    """Raise `Refused` where the weights hold LoRA matrices beside those that they change, not merged into them."""
    found = sorted(name for name in stored if _LORA.search(name))
    if found:
        raise Refused(
            f"{stored[found[0]].file} holds an adapter (LoRA) that is not merged into the weights: {len(found):,} "
            f"tensors such as {found[0][:120]}; merge it (merge_and_unload of PEFT) and save the model again."
        )


@dataclass(frozen=True)
class Placing:
    """How the tensors of the file and the places in the model meet, by the rules of transformers' own loading.

    Attributes
    ----------
    unplaced
        Tensors that find no place.
    unfilled
        Places that find no tensor, and are not computed.
    """

    unplaced: tuple[str, ...]
    unfilled: tuple[str, ...]


def placed(stored: dict[str, StoredTensor], skeleton: PreTrainedModel) -> Placing:
    """What goes where, and what is left over on either side."""
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key

    conversions = get_model_conversion_mapping(skeleton)
    renamings = [one for one in conversions if isinstance(one, WeightRenaming)]
    converters = [one for one in conversions if isinstance(one, WeightConverter)]
    places = skeleton.state_dict()
    ignored = tuple(skeleton._keys_to_ignore_on_load_unexpected or ())
    unplaced, filled, given = [], set[str](), Counter[tuple[str, ...]]()
    for name, tensor in stored.items():
        place, pattern = rename_source_key(name, renamings, converters, skeleton.base_model_prefix, places)
        if pattern is None:
            filled.add(place)
        else:
            given[_all_targets(place, pattern, converters)] += tensor.n_elements
        is_ignored = any(re.search(one, spelling) for one in ignored for spelling in (name, place))
        if place not in places and pattern is None and not is_ignored and not is_computed(name, tensor):
            unplaced.append(name)
    for targets, n_elements in given.items():  # of experts that lie one by one, each has to be there
        if n_elements >= sum(places[target].numel() for target in targets if target in places):
            filled.update(targets)
    return Placing(tuple(unplaced), tuple(_unfilled(skeleton, filled)))


def _all_targets(place: str, pattern: str, converters: list[WeightConverter]) -> tuple[str, ...]:
    """All places for which a tensor is cut or put together with others; `rename_source_key` names the first."""
    targets = next(one.target_patterns for one in converters if pattern in one.source_patterns)
    return tuple(place.replace(targets[0], target, 1) for target in targets)


def _unfilled(skeleton: PreTrainedModel, filled: set[str]) -> Iterator[str]:
    held = [*skeleton.named_parameters(remove_duplicate=False), *skeleton.named_buffers(remove_duplicate=False)]
    shared = {id(tensor) for name, tensor in held if name in filled}  # under whatever other name
    by_name, computed = dict(held), tuple(skeleton._keys_to_ignore_on_load_missing or ())
    for name in skeleton.state_dict():
        if id(by_name[name]) not in shared and not any(re.search(one, name) for one in computed):
            yield name


def is_computed(name: str, tensor: StoredTensor | None) -> bool:
    """Whether a tensor is one that newer versions compute, or no weight at all."""
    if tensor is not None and not tensor.is_float:
        return True
    is_mask = _MASK.search(name) is not None and tensor is not None and len(tensor.shape) != 1
    return _COMPUTED.search(name) is not None or is_mask


def check_body(names: Iterable[str], stored: dict[str, StoredTensor], skeleton: PreTrainedModel) -> None:
    """Raise `Refused` if one of these tensors, which find no place, lies within the body of the model.

    Within is below a part of the base model that is there: `bert.encoder.layer.0.attention.self.distance_embedding`,
    but not `classifier`, nor a pooler that was not built.
    """
    base = skeleton.base_model
    within = {name for name, _ in base.named_modules() if name}
    prefix = skeleton.base_model_prefix + "."
    lost = []
    for name in names:
        path = name.removeprefix(prefix)
        parents = [path[:at] for at, sign in enumerate(path) if sign == "."]
        is_adapter = _ADAPTER.search(name) is not None
        if is_adapter or (within.intersection(parents) and not is_computed(name, stored.get(name))):
            lost.append(name)
    if not lost:
        return
    what = "an adapter" if _ADAPTER.search(lost[0]) else "weights of the model's body"
    file = stored[lost[0]].file if lost[0] in stored else "The file"
    raise Refused(
        f"{file} holds {what} for which {type(skeleton).__name__} of this version of transformers has no place: "
        f"{len(lost):,} {'tensor' if len(lost) == 1 else 'tensors'}, the first is {lost[0][:120]}. Without them it "
        "would be another model."
    )


def check_whole(unfilled: Iterable[str], unused: Sequence[str], file: str) -> None:
    """Raise `Refused` if a place in the model found no tensor: transformers would fill it with random numbers.

    Parameters
    ----------
    unused
        Tensors that found no place, one of which may be what was meant.
    file
        The one of the weights.
    """
    # A pooler that is missing is read by nothing: heads that need one are not chosen without it.
    lost = sorted(name for name in unfilled if "pooler." not in name)
    if lost:
        instead = f"; it holds others, such as {min(unused)[:120]}" if unused else ""
        raise Refused(
            f"{file} lacks {len(lost)} of the tensors that {CONFIG} describes, the first is {lost[0][:120]}{instead}."
        )


def note_unused(names: Sequence[str], of: str = "") -> tuple[str, ...]:
    """What to say of tensors that are left aside; `of` is the base of an adapter that brings a head of its own, which
    is said in plain words first."""
    if not names:
        return ()
    if of:
        left = f"{count_of(len(names), 'tensors')} of {of} {verb(len(names))} not used."
        return f"The adapter brings a head of its own, in place of that of {of}.", left
    return (f"{count_of(len(names), 'tensors')} of the file {verb(len(names))} not used, the first is {names[0]}.",)
