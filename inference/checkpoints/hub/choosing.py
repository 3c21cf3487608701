"""Which files of a repository are needed to open it: one format of the weights, and what stands beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from inference.checkpoints.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from inference.checkpoints.open_clip import OPEN_CLIP_CONFIG, OPEN_CLIP_WEIGHTS
from inference.checkpoints.weights_header import INDEX, NOT_ALL, WEIGHTS
from inference.files.config_file import CONFIG

PICKLE, PICKLE_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_PICKLE_SHARD = re.compile(r"pytorch_model-\d{5}-of-\d{5}\.bin")
_NO_WHOLE_GGUF = re.compile(r"-\d{5}-of-\d{5}\.gguf$|mmproj|imatrix", re.IGNORECASE)
_BESIDE = (".json", ".txt", ".model", ".spm", ".jinja", ".tiktoken")
_BESIDE_NAMES = ("README.md", "LICENSE", "merges.txt", "prophetnet.tokenizer")
# Of training, of other programs, and of other formats.
_NOT_BESIDE = re.compile(
    r"^(trainer_state|all_results|train_results|eval_results|scheduler|optimizer|rng_state|flax_|tf_|onnx|"
    r"coreml|openvino|quant|ggml|requirements)|\.index\.json$",
    re.IGNORECASE,
)
MOST_BESIDE = 64 * 2**20  # bytes of a file beside the weights


@dataclass(frozen=True)
class NeededFiles:
    """Files that are needed.

    Attributes
    ----------
    weights
        `safetensors`, `pickle`, `gguf`, `other` or `none`: what was found; only the first can be opened at once.
    of_weights
        Names of the files with tensors, and of their index.
    beside
        Names of all others.
    why_not
        Why that can not be opened as it is, in one sentence; empty where nothing speaks against it.
    choices
        Names of files that each hold all of the weights, in another precision, where there is nothing else (GGUF): one
        of them is among those of the weights.
    """

    weights: str
    of_weights: tuple[str, ...]
    beside: tuple[str, ...]
    why_not: str = ""
    choices: tuple[str, ...] = ()

    @property
    def can_convert(self) -> bool:
        """Whether its weights can be made into safetensors, once the user has agreed."""
        return bool(self.choices) or (self.weights == "pickle" and CONFIG in self.beside)

    @property
    def files(self) -> tuple[str, ...]:
        """All, those beside the weights first: they tell what the weights are."""
        return (*self.beside, *self.of_weights)


def choose_files(repo: str, sizes: Mapping[str, int], wanted: str = "") -> NeededFiles:
    """What is needed of a repository, from the names and sizes of its files.

    Parameters
    ----------
    wanted
        Which one, where there is a choice; empty: the usual one.
    """
    here = {name: size for name, size in sizes.items() if "/" not in name and "\\" not in name}
    weights, of_weights = _weights(here)
    choices = _ggufs(here) if weights == "gguf" else ()
    if choices:
        of_weights = (wanted if wanted in choices else _usual(choices),)
    beside = tuple(
        name
        for name, size in sorted(here.items())
        if (name.endswith(_BESIDE) or name in _BESIDE_NAMES) and not _NOT_BESIDE.search(name) and size <= MOST_BESIDE
    )
    if choices:  # its configuration is in the file itself
        beside = tuple(name for name in beside if name in _BESIDE_NAMES)
    return NeededFiles(weights, of_weights, beside, _why_not(repo, weights, here, sizes, choices), choices)


def _ggufs(here: Mapping[str, int]) -> tuple[str, ...]:
    """Files with all weights of a model of words, the smallest first: no parts, and no eyes of another model."""
    names = (name for name in here if name.endswith(".gguf") and not _NO_WHOLE_GGUF.search(name))
    return tuple(sorted(names, key=lambda name: (here[name], name)))


def _usual(ggufs: tuple[str, ...]) -> str:
    """That in eight bits, which rounds little; else the smallest."""
    return next((name for name in ggufs if "q8_0" in name.lower()), ggufs[0])


def _weights(here: Mapping[str, int]) -> tuple[str, tuple[str, ...]]:
    names = sorted(here)
    shards = tuple(name for name in names if _SHARD.fullmatch(name))
    if WEIGHTS in here:
        return "safetensors", (WEIGHTS,)
    if INDEX in here and shards:
        return "safetensors", (INDEX, *shards)
    for single in (ADAPTER_WEIGHTS, OPEN_CLIP_WEIGHTS):
        if single in here:
            return "safetensors", (single,)
    alone = [name for name in names if name.endswith(".safetensors")]
    if len(alone) == 1 and not NOT_ALL.fullmatch(alone[0]):
        return "safetensors", (alone[0],)
    pickles = tuple(name for name in names if _PICKLE_SHARD.fullmatch(name))
    if PICKLE in here:
        return "pickle", (PICKLE,)
    if PICKLE_INDEX in here and pickles:
        return "pickle", (PICKLE_INDEX, *pickles)
    for kind, endings in (("gguf", (".gguf",)), ("other", (".h5", ".msgpack", ".onnx", ".ot", ".safetensors", ".pt"))):
        if any(name.endswith(endings) for name in names):
            return kind, ()
    return "none", ()


def _why_not(
    repo: str, weights: str, here: Mapping[str, int], sizes: Mapping[str, int], choices: tuple[str, ...]
) -> str:
    if choices:
        return f"{repo} holds its weights only as GGUF; one of its files can be made into safetensors."
    if not any(name in here for name in (CONFIG, ADAPTER_CONFIG, OPEN_CLIP_CONFIG)):
        if "model_index.json" in here:
            return f"{repo} is a pipeline of several models (diffusers), not a single checkpoint."
        return f"{repo} holds no {CONFIG}, so it is not a checkpoint that can be opened."
    match weights:
        case "pickle":
            return f"{repo} holds its weights only as pickles, which can run code; Headlight reads safetensors."
        case "gguf":
            return f"{repo} holds its weights only as GGUF in several parts; Headlight reads safetensors, or one file."
        case "other" | "none" if not any(name.endswith(".safetensors") for name in sizes):
            what = "no weights" if weights == "none" else "weights only in formats of other programs"
            return f"{repo} holds {what}; Headlight reads safetensors."
        case "other" | "none":
            return f"{repo} holds safetensors only in folders or under names that transformers does not read."
    return ""
