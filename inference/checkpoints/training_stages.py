"""What a checkpoint keeps of its training: `along/along.json` and `along/patterns.safetensors` beside its weights.

Foreign files like all others: sizes are known before anything is read, and what does not fit is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from inference.context import Refused
from inference.files.json_file import read_object
from inference.files.regular_files import is_there

if TYPE_CHECKING:
    import numpy as np

FOLDER = Path("along")
TOLD, PATTERNS = "along.json", "patterns.safetensors"
_MOST_BYTES = 2**20  # of the JSON
_MOST_STAGES, _MOST_SENTENCES, _MOST_TOKENS = 100, 100, 512
_MOST_NUMBERS = 2**22  # of the patterns of one sentence

T = TypeVar("T")


@dataclass(frozen=True)
class KeptSentence:
    """A sentence and its given translation."""

    source: str
    target: str
    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]


@dataclass(frozen=True)
class KeptStage:
    """What was measured after some steps; translations are by sentence."""

    step: int
    loss: float
    bleu: float
    on_diagonal: np.ndarray
    translations: tuple[str, ...]


def has_training_stages(folder: Path) -> bool:
    """Whether a checkpoint keeps any."""
    return is_there(folder / FOLDER / TOLD)


def read_told(folder: Path) -> tuple[tuple[KeptSentence, ...], tuple[KeptStage, ...]]:
    """Sentences, and stages in the order of their steps.

    Raises
    ------
    Refused
        The file cannot be read, or something in it is not what it has to be.
    """
    told = read_object(folder / FOLDER / TOLD, _MOST_BYTES)
    sentences = tuple(_sentence(item) for item in _list(told, "sentences", dict, _MOST_SENTENCES))
    stages = tuple(_stage(item, len(sentences)) for item in _list(told, "stages", dict, _MOST_STAGES))
    steps = [stage.step for stage in stages]
    if steps != sorted(set(steps)):
        raise Refused(f"The steps of the stages in {TOLD} do not ascend: {', '.join(map(str, steps))[:80]}.")
    if len({stage.on_diagonal.shape for stage in stages}) > 1:
        raise Refused(f"The stages in {TOLD} do not all have the same layers and heads.")
    return sentences, stages


def read_patterns(folder: Path, number: int, sentence: KeptSentence, stages: tuple[KeptStage, ...]) -> np.ndarray:
    """float32 [stage, layer, head, query_pos, key_pos] of one sentence.

    Raises
    ------
    Refused
        The file cannot be read, or its tensors are not of that sentence.
    """
    import numpy as np

    from inference.checkpoints.weights_header import read_header
    from inference.checkpoints.weights_reading import read_tensors

    place = folder / FOLDER
    stored = read_header(place / PATTERNS)
    shape = (*stages[0].on_diagonal.shape, len(sentence.target_tokens), len(sentence.source_tokens))
    names = [f"{stage.step}/{number}" for stage in stages]
    for name in names:
        if name not in stored:
            raise Refused(f"{PATTERNS} holds no tensor {name!r}.")
        if stored[name].shape != shape or not stored[name].is_float:
            raise Refused(f"{name!r} in {PATTERNS} is {stored[name].dtype} {stored[name].shape}; {shape} is needed.")
    if stored[names[0]].n_elements * len(names) > _MOST_NUMBERS:
        raise Refused(f"The patterns of a sentence in {PATTERNS} are more than {_MOST_NUMBERS:,} numbers.")
    if sum(tensor.end - tensor.begin for tensor in stored.values()) > 2**26:
        raise Refused(f"{PATTERNS} holds more than {2**26:,} bytes.")
    tensors = read_tensors(place, stored)
    pattern = np.stack([tensors[name].float().numpy() for name in names])
    if not np.isfinite(pattern).all():
        raise Refused(f"{PATTERNS} holds numbers that are not finite.")
    return pattern


def _sentence(item: dict[str, Any]) -> KeptSentence:
    source, target = (_of(item, key, str) for key in ("source", "target"))
    tokens = (_list(item, key, str, _MOST_TOKENS) for key in ("source_tokens", "target_tokens"))
    source_tokens, target_tokens = (tuple(token.replace("▁", "") or token for token in each) for each in tokens)
    return KeptSentence(source, target, source_tokens, target_tokens)


def _stage(item: dict[str, Any], n_sentences: int) -> KeptStage:
    import numpy as np

    rows = _list(item, "on_diagonal", list, _MOST_TOKENS)
    if not all(isinstance(value, int | float) for row in rows for value in row) or len({*map(len, rows)}) != 1:
        raise Refused(f"'on_diagonal' of a stage in {TOLD} is not a table of numbers.")
    translations = tuple(_list(item, "translations", str, _MOST_SENTENCES))
    if len(translations) != n_sentences:
        raise Refused(f"A stage in {TOLD} has {len(translations)} translations of {n_sentences} sentences.")
    loss, bleu = (float(_of(item, key, int | float)) for key in ("loss", "bleu"))
    return KeptStage(_of(item, "step", int), loss, bleu, np.array(rows, np.float32), translations)


def _of(item: dict[str, Any], key: str, kind: Any) -> Any:
    value = item.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Refused(f"{key!r} in {TOLD} is {str(value)[:80]!r}, which it cannot be.")
    return value


def _list(item: dict[str, Any], key: str, kind: type[T], most: int) -> list[T]:
    values = item.get(key)
    if not isinstance(values, list) or not 0 < len(values) <= most or not all(isinstance(one, kind) for one in values):
        raise Refused(f"{key!r} in {TOLD} is not a list of 1 to {most} of what it has to hold.")
    return values
