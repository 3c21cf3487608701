"""LoRA adapters, merged into the base that they were trained on: W + scale · B A.

A folder of PEFT holds adapter_config.json and adapter_model.safetensors, and names its base.

References
----------
Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models", section 4.1; Kalajdzievski 2023 for the scale of
rsLoRA. Names of the files and values are those of PEFT.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.checkpoints.weights_header import read_header
from inference.context import Refused
from inference.files.config_file import CONFIG
from inference.files.hub_layout import cache_of, folder_of_version
from inference.files.json_file import read_object
from inference.files.regular_files import is_there
from inference.results.counts import count_of, verb
from resources import ADAPTER_CONFIG, bundled_checkpoints, checkpoint_path

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

ADAPTER_WEIGHTS = "adapter_model.safetensors"
_MAX_CONFIG = 2**20
_MOST_RANK = 65_536
_PREFIX = "base_model.model."  # in front of every name
_MATRIX = re.compile(r"^(.*)\.lora_(embedding_)?([AB])(?:\.weight)?$")
# What would change the sum that is added; none of it is merged here.
_OTHER_WAYS = (
    "use_dora",
    "use_qalora",
    "lora_bias",
    "trainable_token_indices",
    "layer_replication",
    "target_parameters",
)


@dataclass(frozen=True)
class Adapter:
    """What adapter_config.json says.

    Attributes
    ----------
    base
        The folder that its base was found in.
    rank, alpha
        Of all matrices but those that `ranks` and `alphas` name by the ends of their paths.
    is_root_scaled
        Whether the sum is scaled by alpha / sqrt(rank), not by alpha / rank.
    task
        What it was trained for, in PEFT's spelling (`SEQ_CLS`); empty where it does not say.
    labels
        Names of the classes that it tells; PEFT knows none, so they stand under the key of config.json, `id2label`.
    """

    folder: Path
    base: Path
    rank: int
    alpha: float
    ranks: dict[str, float]
    alphas: dict[str, float]
    is_root_scaled: bool
    task: str = ""
    labels: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of it before it is merged."""
        return (f"It is an adapter (LoRA); it is merged into {self.base.name} when it is opened.",)

    def scale(self, path: str) -> float:
        """What B A is multiplied by at a module."""
        rank, alpha = _by_pattern(self.ranks, path, self.rank), _by_pattern(self.alphas, path, self.alpha)
        return alpha / (math.sqrt(rank) if self.is_root_scaled else rank)


def _by_pattern(patterns: dict[str, float], path: str, usual: float) -> float:
    return next((value for end, value in patterns.items() if re.match(rf"(.*\.)?({re.escape(end)})$", path)), usual)


def find_adapter(folder: Path) -> Adapter | None:
    """The adapter in a folder, with its base; None where it holds a checkpoint of its own, or no adapter.

    Raises
    ------
    Refused
        It is an adapter of another kind, its values are wrong, or its base is not on this machine.
    """
    if not is_there(folder / ADAPTER_CONFIG) or is_there(folder / CONFIG):
        return None
    says = read_object(folder / ADAPTER_CONFIG, _MAX_CONFIG)
    kind, named = str(says.get("peft_type"))[:40], str(says.get("base_model_name_or_path") or "")[:300]
    if kind != "LORA":
        raise Refused(
            f"{folder.name} is an adapter ({kind}) for {named or 'a model that it does not name'}, not a checkpoint of "
            "its own; of adapters LoRA is merged."
        )
    for key in _OTHER_WAYS:
        if says.get(key):
            raise Refused(f"{folder.name} is an adapter with {key}, which cannot be merged here; merge it with PEFT.")
    if says.get("bias", "none") != "none":
        raise Refused(f"{folder.name} is an adapter that changes biases too; merge it with PEFT.")
    rank, alpha = says.get("r"), says.get("lora_alpha")
    _check(rank, "r")
    _check(alpha, "lora_alpha")
    patterns = [says.get(key) or {} for key in ("rank_pattern", "alpha_pattern")]
    for pattern, key in zip(patterns, ("rank_pattern", "alpha_pattern"), strict=True):
        if not isinstance(pattern, dict):
            raise Refused(f"{ADAPTER_CONFIG} says {key} is {str(pattern)[:40]}; an object is needed.")
        for value in pattern.values():
            _check(value, key)
    base = _base(folder, named)
    if base is None:
        raise Refused(
            f"{folder.name} is an adapter (LoRA) for {named or 'a base that it does not name'}, which is not on this "
            f"machine; put the folder {Path(named).name!r} of that model beside it."
        )
    if not is_there(folder / ADAPTER_WEIGHTS):
        raise Refused(f"{folder.name} is an adapter (LoRA) for {named}, but holds no {ADAPTER_WEIGHTS}.")
    scaled = bool(says.get("use_rslora"))
    task = str(says.get("task_type") or "")[:40]
    return Adapter(folder, base, rank, float(alpha), patterns[0], patterns[1], scaled, task, _labels(says))  # pyright: ignore[reportArgumentType]


def _labels(says: dict[str, Any]) -> tuple[str, ...]:
    """Names of classes by number, if there are any."""
    named = says.get("id2label") or {}
    labels = [named.get(str(number)) for number in range(len(named))] if isinstance(named, dict) else [None]
    if not all(isinstance(label, str) for label in labels):
        said = str(named)[:40]
        raise Refused(f"{ADAPTER_CONFIG} says id2label is {said}; a text for each number from 0 on is needed.")
    return tuple(map(str, labels))


def place_of(name: str) -> str | None:
    """Where a whole tensor of an adapter, such as one of a head, belongs; None for the matrices of LoRA."""
    path = name.removeprefix(_PREFIX)
    return None if _MATRIX.match(path) else path.replace(".modules_to_save", "")


def _check(value: Any, key: str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= _MOST_RANK:
        raise Refused(f"{ADAPTER_CONFIG} says {key} is {str(value)[:40]}; numbers to {_MOST_RANK:,} are allowed.")


def _base(folder: Path, named: str) -> Path | None:
    """Where the base lies: as it is named, a bundled checkpoint, a folder of its name beside the adapter, or in the
    hub's cache where the adapter lies there."""
    if not named:
        return None
    if named in bundled_checkpoints():
        return checkpoint_path(named)
    name = Path(named).name
    places = [Path(named).expanduser()] if Path(named).is_absolute() else []
    places += [folder / named, folder.parent / named, folder.parent / name]
    for place in places:
        try:
            if is_there(place / CONFIG) and place.resolve() != folder.resolve():
                return place.resolve()
        except (OSError, ValueError):  # a name that no folder can have
            continue
    cache = cache_of(folder)
    if cache is not None and (cached := folder_of_version(cache, named)) and is_there(cached / CONFIG):
        return cached.resolve()
    return checkpoint_path(name) if name in bundled_checkpoints() else None


def merge(adapter: Adapter, net: PreTrainedModel) -> tuple[str, ...]:
    """Add what an adapter learned to the weights of its base, in float32; what was done, as sentences.

    Raises
    ------
    Refused
        A tensor of it finds no place in the base, or does not fit.
    """
    import torch

    from inference.checkpoints.weights_reading import read_tensors

    tensors = read_tensors(adapter.folder, read_header(adapter.folder / ADAPTER_WEIGHTS))
    pairs: dict[tuple[str, bool], dict[str, torch.Tensor]] = {}
    others: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        if match := _MATRIX.match(name.removeprefix(_PREFIX)):
            pairs.setdefault((match[1], bool(match[2])), {})[match[3]] = tensor.float()
        elif (place := place_of(name)) is not None:
            others[place] = tensor
    parameters = dict(net.named_parameters())
    for (path, is_table), pair in pairs.items():
        parameter = _parameter(f"{path}.weight", net, parameters)
        if parameter is None or set(pair) != {"A", "B"}:
            raise Refused(f"{ADAPTER_WEIGHTS} changes {path}, for which {adapter.base.name} has no place.")
        if pair["A"].ndim != 2 or pair["B"].ndim != 2 or pair["A"].shape[0] != pair["B"].shape[1]:
            raise Refused(f"{ADAPTER_WEIGHTS} holds matrices for {path} that do not fit each other.")
        change = pair["B"] @ pair["A"] * adapter.scale(path)
        if is_table or _is_transposed(path, net):
            change = change.T
        if change.shape != parameter.shape or not torch.isfinite(change).all():
            raise Refused(
                f"{ADAPTER_WEIGHTS} does not fit {adapter.base.name}: it changes {path} by "
                f"{list(change.shape)} numbers, there are {list(parameter.shape)}."
            )
        with torch.no_grad():
            parameter += change.to(parameter)
    unused = [name for name, tensor in others.items() if not _replace(name, tensor, net, parameters)]
    if not pairs:
        raise Refused(f"{ADAPTER_WEIGHTS} holds no matrices of LoRA.")
    notes = [f"{count_of(len(pairs), 'matrices')} of weights {verb(len(pairs))} changed by the adapter."]
    if unused:
        left = f"{count_of(len(unused), 'tensors')} of the adapter {verb(len(unused))} not used"
        notes.append(f"{left}, the first is {unused[0][:120]}.")
    return tuple(notes)


def _replace(name: str, tensor: torch.Tensor, net: PreTrainedModel, parameters: dict[str, Any]) -> bool:
    """Put a whole tensor, such as a head that was trained too, in its place, if there is one."""
    import torch

    parameter = _parameter(name, net, parameters)
    if parameter is None or parameter.shape != tensor.shape:
        return False
    with torch.no_grad():
        parameter.copy_(tensor)
    return True


def _parameter(name: str, net: PreTrainedModel, parameters: dict[str, torch.nn.Parameter]) -> torch.nn.Parameter | None:
    """Under the name of the class that was trained, of the base model alone, or of a class around it."""
    prefix = net.base_model_prefix + "."
    return next((parameters[n] for n in (name, name.removeprefix(prefix), prefix + name) if n in parameters), None)


def _is_transposed(path: str, net: PreTrainedModel) -> bool:
    """Whether a module keeps its weights as [in, out], as GPT-2's do."""
    from transformers.pytorch_utils import Conv1D

    prefix = net.base_model_prefix + "."
    modules = dict(net.named_modules())
    module = next((modules[n] for n in (path, path.removeprefix(prefix), prefix + path) if n in modules), None)
    return isinstance(module, Conv1D)
