"""word2vec that was stopped before its end: a file beside that of the vectors, from which training goes on.

The file is written whole or not at all, and read without pickle. What is learned after going on is, number for number,
what would have been learned without a stop.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import BadZipFile

import numpy as np

from inference.context import Refused
from inference.files.json_parts import Misfit, read_part
from inference.files.regular_files import open_regular
from inference.results.train_word2vec import TrainWord2VecRequest, Word2VecSettings, unfinished_file
from inference.training.reserving import reserved
from inference.training.run_files import write_whole

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from inference.models.word2vec import Trainer
    from inference.models.word2vec_corpus import NumberedText

_MOST_BYTES = 2**28  # two tables of the largest vocabulary and width are less
_VERSION = 1


@dataclass(frozen=True)
class UnfinishedFacts:
    """What a run needs beside its vectors to go on.

    Attributes
    ----------
    settings, min_count
        As they were asked for.
    text
        Digest of the words that are learned from, which are read or drawn again.
    n_stretches
        Of the text, that were gone through.
    random
        State of the generator, as a text: its numbers are larger than JSON's readers agree on.
    shares, losses
        Of the looks so far.
    """

    settings: Word2VecSettings
    min_count: int
    text: str
    n_stretches: int
    random: str
    shares: tuple[float, ...]
    losses: tuple[float, ...]


def reserved_vectors(out: Path) -> AbstractContextManager[None]:
    """Keep other processes from training into this file. Raises `Refused` as `reserved`."""
    return reserved(out.with_name(f".{out.name}.lock"), out.name)


def digest(text: NumberedText) -> str:
    """The same for the same words in the same order, and for no others."""
    return sha256("\n".join(text.words).encode() + text.ids.tobytes()).hexdigest()


def keep_unfinished(
    request: TrainWord2VecRequest, trainer: Trainer, text: str, shares: list[float], losses: list[float]
) -> None:
    """Write what is needed to go on from the stretch that was trained last. Raises `OSError`."""
    facts = UnfinishedFacts(
        request.settings, request.min_count, text, trainer.n_stretches, json.dumps(trainer.random),
        tuple(shares), tuple(losses),
    )  # fmt: skip
    told = np.frombuffer(json.dumps({"version": _VERSION, "facts": asdict(facts)}).encode(), np.uint8)

    def write(stream: BinaryIO) -> None:
        np.savez(stream, allow_pickle=False, told=told, inputs=trainer.inputs, outputs=trainer.outputs)

    write_whole(unfinished_file(Path(request.out)), write)


def go_on(request: TrainWord2VecRequest, trainer: Trainer, text: str) -> tuple[list[float], list[float]]:
    """Let a trainer stand where the run was stopped; shares and losses of its looks, empty where there is no such run.

    Raises
    ------
    Refused
        The run has other options or another text, or its file is damaged.
    """
    file = unfinished_file(Path(request.out))
    if not file.exists():
        return [], []
    try:
        facts, inputs, outputs = _read(file)
        if why := _other(request, facts, text):
            raise Refused(f"{file.name} is of a run that was stopped, {why}; choose another name, or delete it.")
        trainer.restore(facts.n_stretches, json.loads(facts.random), inputs, outputs)
    except (OSError, KeyError, ValueError, TypeError, EOFError, BadZipFile) as error:
        text = f"{file.name}, which training could go on from, is damaged; without it training begins anew."
        raise Refused(text) from error
    return list(facts.shares), list(facts.losses)


def forget_unfinished(request: TrainWord2VecRequest) -> None:
    """A run that is done does not go on. Raises `OSError`."""
    unfinished_file(Path(request.out)).unlink(missing_ok=True)


def _read(file: Path) -> tuple[UnfinishedFacts, Any, Any]:
    with open_regular(file) as stream:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError("too large")
        with np.load(stream, allow_pickle=False) as arrays:
            told = json.loads(arrays["told"].tobytes())
            if not isinstance(told, dict) or told.get("version") != _VERSION:
                raise Misfit(f"'version' is not {_VERSION}")
            return read_part(UnfinishedFacts, told.get("facts")), arrays["inputs"], arrays["outputs"]


def _other(request: TrainWord2VecRequest, facts: UnfinishedFacts, text: str) -> str:
    """What of a kept run is not what is asked for now; empty if nothing is."""
    was, now = (asdict(settings) for settings in (facts.settings, request.settings))
    was["min_count"], now["min_count"] = facts.min_count, request.min_count
    for name, value in was.items():
        if value != now[name]:
            return f"with {name} {value} and not {now[name]}"
    return "" if facts.text == text else "with another text"
