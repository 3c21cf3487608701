"""Which class of transformers a checkpoint is opened with: the largest one whose weights are all there.

`config.json` names a class, but what the file holds decides: bert-base-uncased names `BertForMaskedLM` and holds the
next-sentence head too; a fine-tuned encoder may name a language-model class and have lost its head.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import transformers
from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

from inference.checkpoints.skeleton import FREE_ELEMENTS, MOST_TIMES_STORED, build_skeleton
from inference.context import Refused
from inference.family.text_heads import (
    CAUSAL_LM,
    MASKED_LM,
    MASKED_LM_CLASSES,
    USED_HEADS,
    WITH_SENTENCE_HEAD,
    WRITERS,
)
from inference.files.config_file import CONFIG
from inference.files.own_models import own_class

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

    from inference.checkpoints.weights_header import StoredTensor


@dataclass(frozen=True)
class Architecture:
    """How a checkpoint is opened.

    Attributes
    ----------
    named
        Class that config.json names, else the one that is opened.
    net_class
        Class that is opened.
    skeleton
        The model without storage (torch's meta device).
    lacking
        Tensors of the named class's head that the file does not hold.
    used_heads
        Classes whose heads something is shown of.
    misfit
        How the named class's head differs from the one that the file holds, as the beginning of a sentence; empty
        where it does not.
    """

    named: str
    net_class: type[PreTrainedModel]
    skeleton: PreTrainedModel
    lacking: tuple[str, ...]
    used_heads: frozenset[str] = frozenset()
    misfit: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the choice."""
        opened = self.net_class.__name__
        if self.misfit:
            return (f"{self.misfit}, so it is opened as {opened}, without the head of {self.named}.",)
        if self.lacking:
            return (f"The weights lack the head of {self.named} ({self.lacking[0]}), so {opened} is opened.",)
        if self.named != opened and self.named not in self.used_heads:
            return (f"{CONFIG} names {self.named}; it is opened as {opened}.",)
        return ()


def choose(
    config: PreTrainedConfig,
    named: str,
    stored: dict[str, StoredTensor],
    heads: frozenset[str] = frozenset(),
    predictors: frozenset[str] = frozenset(),
) -> Architecture:
    """Choose the class by the weights that are there.

    Parameters
    ----------
    named
        The one that config.json names, or empty.
    heads
        See `Family.heads`.
    predictors
        Classes that were fine-tuned on texts, if the family tells what they predict; one that is named comes first.

    Raises
    ------
    Refused
        No class can be built from the configuration, or a tensor has another shape than the configuration says.
    """
    used = USED_HEADS | heads | predictors
    named = _spelled(named, config.model_type)
    names = [
        named if named in predictors else None,
        WITH_SENTENCE_HEAD.get(config.model_type),
        named if named in used else None,
    ]
    if named in MASKED_LM_CLASSES or not named:
        names.append(MASKED_LM.get(config.model_type))
    if not named and config.model_type not in MASKED_LM:
        names.append(WRITERS.get(config.model_type))
    lacking: tuple[str, ...] = ()
    misfit = ""
    for name in dict.fromkeys(filter(None, names)):
        net_class = own_class(config.model_type, name) or _published_class(name, config)
        if net_class is None or not _takes(net_class, config):
            continue
        skeleton = build_skeleton(net_class, config, stored)
        lacks = _lacking_head(skeleton, stored)
        if name == named:
            lacking = lacks
            misfit = _misfit(skeleton, stored) if name in predictors and not lacks else ""
        if not lacks and not (name == named and misfit):
            break
    else:
        skeleton = _without_head(config, named, stored)
    _check_shapes(skeleton, stored)
    return Architecture(named or type(skeleton).__name__, type(skeleton), skeleton, lacking, used, misfit)


def _spelled(named: str, model_type: str) -> str:
    """The class as transformers spells it: MPT's own code called it MPTForCausalLM."""
    if hasattr(transformers, named):
        return named
    known = (CAUSAL_LM.get(model_type, ""), MASKED_LM.get(model_type, ""))
    return next((name for name in known if name.lower() == named.lower()), named)


def _published_class(named: str, config: PreTrainedConfig) -> type[PreTrainedModel] | None:
    """The model of transformers that has this name and takes this configuration; other things have names, too."""
    net_class: Any = getattr(transformers, named, None)
    is_model = isinstance(net_class, type) and issubclass(net_class, transformers.PreTrainedModel)
    return net_class if is_model and _takes(net_class, config) else None


def _takes(net_class: type[PreTrainedModel], config: PreTrainedConfig) -> bool:
    """Whether a model is built of this configuration; some types are run by the class of another one."""
    own = cast("type[PreTrainedConfig] | None", net_class.config_class)
    return isinstance(config, own or ()) or CAUSAL_LM.get(config.model_type) == net_class.__name__


def _without_head(config: PreTrainedConfig, named: str, stored: dict[str, StoredTensor]) -> PreTrainedModel:
    """The base model; or the class that is named, where that is one for which there is no such, or a part of it."""
    net_class = _published_class(named, config)
    if config.model_type not in MODEL_MAPPING_NAMES and net_class is not None:
        return build_skeleton(net_class, config, stored)
    skeleton = build_skeleton(transformers.AutoModel.from_config, config, stored)
    if net_class is None or isinstance(skeleton, net_class) or not (lacks := _missing(skeleton, stored)):
        return skeleton
    part = build_skeleton(net_class, config, stored)
    return part if len(_missing(part, stored)) < len(lacks) else skeleton


def _missing(skeleton: PreTrainedModel, stored: dict[str, StoredTensor]) -> tuple[str, ...]:
    """Parameters that are not stored, under whatever name."""
    aliases, renamed = _aliases(skeleton), renamed_as_now(stored, skeleton) | stored
    return tuple(
        name
        for name, _ in skeleton.named_parameters()
        if not any(stored_name(alias, skeleton, renamed) for alias in aliases.get(name, {name}))
    )


def stored_name(name: str, skeleton: PreTrainedModel, stored: dict[str, StoredTensor]) -> str | None:
    """What a parameter is called in the file: a base model is saved without its prefix, a head with it."""
    prefix = skeleton.base_model_prefix + "."
    # TensorFlow's names for the layer norm live on in the oldest BERT files.
    legacy = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    spellings = (s for n in (name, legacy) for s in (n, n.removeprefix(prefix), prefix + n))
    return next((spelling for spelling in spellings if spelling in stored), None)


def _lacking_head(skeleton: PreTrainedModel, stored: dict[str, StoredTensor]) -> tuple[str, ...]:
    """Parameters outside the base model, and of a pooler that a head reads, that are not stored."""
    lacks = _lacking(skeleton, stored)
    return _lacking(skeleton, renamed_as_now(stored, skeleton)) if lacks else lacks


def _misfit(skeleton: PreTrainedModel, stored: dict[str, StoredTensor]) -> str:
    """How a head of other classes than the configuration says differs, as the beginning of a sentence; else empty."""
    prefix = skeleton.base_model_prefix + "."
    for name, parameter in skeleton.named_parameters():
        found = None if name.startswith(prefix) else stored.get(stored_name(name, skeleton, stored) or "")
        if found is not None and found.shape != tuple(parameter.shape):
            return (
                f"{CONFIG} describes {name} of the shape {list(parameter.shape)}, {found.file} holds one of "
                f"{list(found.shape)}"
            )
    return ""


def renamed_as_now(stored: dict[str, StoredTensor], skeleton: PreTrainedModel) -> dict[str, StoredTensor]:
    """The same under the names of this version of transformers, as far as it only renames."""
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import WeightRenaming, apply_renamings

    conversions = get_model_conversion_mapping(skeleton)
    renamings = [conversion for conversion in conversions if isinstance(conversion, WeightRenaming)]
    return {apply_renamings(name, renamings): tensor for name, tensor in stored.items()}


def _lacking(skeleton: PreTrainedModel, stored: dict[str, StoredTensor]) -> tuple[str, ...]:
    prefix = skeleton.base_model_prefix + "."
    aliases = _aliases(skeleton)
    return tuple(
        name
        for name, _ in skeleton.named_parameters()
        if (not name.startswith(prefix) or ".pooler." in name)
        and not any(stored_name(alias, skeleton, stored) for alias in aliases.get(name, {name}))
    )


def _aliases(skeleton: PreTrainedModel) -> dict[str, set[str]]:
    """All names of each shared parameter, by each of its names."""
    aliases: dict[str, set[str]] = {}
    for target, source in skeleton.all_tied_weights_keys.items():
        names = aliases.get(target, {target}) | aliases.get(source, {source})
        aliases |= dict.fromkeys(names, names)
    return aliases


def _check_shapes(skeleton: PreTrainedModel, stored: dict[str, StoredTensor]) -> None:
    n_described = 0
    for name, parameter in skeleton.named_parameters():
        n_described += parameter.numel()
        found = stored.get(stored_name(name, skeleton, stored) or "")
        if found is not None and found.shape != tuple(parameter.shape):
            raise Refused(
                f"{found.file} does not fit {CONFIG}: {name} has the shape {list(found.shape)}, "
                f"{CONFIG} says {list(parameter.shape)}."
            )
        if found is not None and not found.is_float:
            raise Refused(f"{found.file} holds whole numbers ({found.dtype}) as {name}, which should be weights.")
    n_stored = sum(tensor.n_elements for tensor in stored.values())
    if n_described > MOST_TIMES_STORED * n_stored + FREE_ELEMENTS:
        raise Refused(
            f"{CONFIG} describes a model of {n_described:,} parameters, but the weights hold only {n_stored:,}."
        )


def n_parameters(skeleton: PreTrainedModel, stored: dict[str, StoredTensor]) -> int:
    """Parameters that the file holds, shared ones once; masks and position numbers that old files hold are none."""
    known = {stored_name(name, skeleton, stored) for name, _ in skeleton.named_parameters()}
    repeated = {
        stored_name(target, skeleton, stored)
        for target, source in skeleton.all_tied_weights_keys.items()
        if stored_name(source, skeleton, stored) is not None
    }
    # transformers' list of what it leaves aside is loose: DeBERTa's holds `position_embeddings`, which is a parameter.
    ignored = skeleton._keys_to_ignore_on_load_unexpected or ()
    return sum(
        tensor.n_elements
        for name, tensor in stored.items()
        if tensor.is_float
        and name not in repeated
        and (name in known or not any(re.search(pattern, name) for pattern in ignored))
    )
