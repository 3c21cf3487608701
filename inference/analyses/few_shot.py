"""How many examples in its prompt a language model needs for a task."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.files.json_file import read_bytes
from inference.forward.layer_outputs import layer_outputs
from inference.forward.predictions import predictions
from inference.inputs.tokens import word
from inference.results.few_shot import (
    FEWEST_EXAMPLES,
    MOST_EXAMPLES,
    MOST_SHOTS,
    MOST_TRIALS,
    TASKS,
    FewShotRequest,
    FewShotResult,
    FewShotTask,
    FewShotTrial,
)
from inference.results.inputs import Input, TextInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.context import Context
    from inference.forward.model import Model

_MOST_BYTES = 2**20
_MOST_LETTERS = 200  # of an input or an answer
_N_KINDS = 2


def few_shot(request: FewShotRequest, model: Model, context: Context) -> FewShotResult:
    """In each trial the prompt grows example by example, and the model is asked at each length, greedily.

    A forward pass over prompt and right answer together says what the model would have written: where its likeliest
    token is that of the answer at every place, and begins a new word behind it, the answer is right.

    Parameters
    ----------
    context
        One checkpoint a forward pass; a partial result a trial.

    Raises
    ------
    Refused
        There is no such task, or too many trials are asked for; the file cannot be read, or has too few examples; it
        has no tokenizer; not even the shortest prompt fits into its context.

    References
    ----------
    Brown et al. 2020, "Language Models are Few-Shot Learners", section 2; the control is that of Min et al. 2022,
    "Rethinking the Role of Demonstrations".
    """
    if not 1 <= request.n_trials <= MOST_TRIALS:
        raise Refused(f"{request.n_trials:,} trials were asked for; 1 to {MOST_TRIALS} are allowed.")
    task = _task(request)
    reader = _Reader(model, context)
    counts = _Counts()
    trials: list[FewShotTrial] = []
    longest, result = MOST_SHOTS, None
    for number in range(request.n_trials):
        chosen, others = drawn(task.examples, request.seed, number)
        *examples, (asked, answer) = (task.examples[i] for i in chosen)
        mixed = [(given, task.examples[i][1]) for (given, _), i in zip(examples, others, strict=True)]
        said: list[_Answer] = []
        for kind, shown in enumerate((examples, mixed)):
            lines = [f"{given}{task.sign} {end}" for given, end in shown]
            for n_shots in range(longest + 1):
                context.checkpoint(number, request.n_trials, f"Trial {number + 1}, {n_shots} examples")
                prompt = "\n".join((*lines[:n_shots], asked + task.sign))
                found = reader.ask(prompt, f" {answer}")
                if found is None:  # then shorter ones alone would be counted there, which is another task
                    longest = n_shots - 1
                    counts.forget_beyond(longest)
                    break
                counts.add(kind, n_shots, found)
                if kind == 0:
                    said.append(found)
        if longest < 0:
            raise Refused(f"“{asked}{task.sign}” alone is longer than the {model.info.n_ctx:,} tokens that it reads.")
        lines = [f"{given}{task.sign} {end}" for given, end in examples]
        texts, is_right = tuple(one.said for one in said), tuple(one.is_right for one in said)
        trials.append(FewShotTrial(tuple(lines), asked + task.sign, answer, texts, is_right))
        fitting = tuple(
            replace(trial, said=trial.said[: longest + 1], is_right=trial.is_right[: longest + 1]) for trial in trials
        )
        result = FewShotResult(task.title, request.n_trials, len(task.examples), *counts.arrays(), fitting, longest)
        context.partial(result)
    assert result is not None  # at least one trial was asked for
    return result


def drawn(examples: Sequence[tuple[str, str]], seed: int, trial: int) -> tuple[list[int], list[int]]:
    """Which examples stand in the prompt of a trial, the one that is asked for last, and whose answers the control has.

    Returns
    -------
    tuple
        `MOST_SHOTS + 1` numbers of examples, all different; `MOST_SHOTS` of others, with other answers.
    """
    rng = np.random.default_rng((seed, trial))
    chosen = rng.permutation(len(examples))[: MOST_SHOTS + 1].tolist()
    others = []
    for shot in chosen[:MOST_SHOTS]:
        wrong = [number for number, (_, answer) in enumerate(examples) if answer != examples[shot][1]]
        others.append(int(rng.choice(wrong)) if wrong else shot)
    return chosen, others


@dataclass(frozen=True)
class _Answer:
    said: str
    is_right: bool
    prob: float


@dataclass
class _Counts:
    right: np.ndarray = field(default_factory=lambda: np.zeros((_N_KINDS, MOST_SHOTS + 1), np.int32))
    tried: np.ndarray = field(default_factory=lambda: np.zeros((_N_KINDS, MOST_SHOTS + 1), np.int32))
    probs: np.ndarray = field(default_factory=lambda: np.zeros((_N_KINDS, MOST_SHOTS + 1)))

    def add(self, kind: int, n_shots: int, found: _Answer) -> None:
        self.right[kind, n_shots] += found.is_right
        self.tried[kind, n_shots] += 1
        self.probs[kind, n_shots] += found.prob

    def forget_beyond(self, longest: int) -> None:
        """Leave out what was counted with more examples."""
        for counts in (self.right, self.tried, self.probs):
            counts[:, longest + 1 :] = 0

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As a result has them."""
        with np.errstate(invalid="ignore"):
            probs = np.where(self.tried > 0, self.probs / self.tried, np.nan).astype(np.float32)
        return self.right.copy(), self.tried.copy(), probs


class _Reader:
    """Asks a model how it would go on."""

    def __init__(self, model: Model, context: Context) -> None:
        if model.tokenizer is None:
            raise Refused(f"{model.info.name} has no tokenizer, so that no task can be put to it as a text.")
        components = model.components
        self._model, self._tokenizer, self._context = model, model.tokenizer, context
        self._last = components.stacks[components.of_head].blocks[-1:]

    def ask(self, prompt: str, answer: str) -> _Answer | None:
        """What the model says behind a prompt, as far as it is the answer; None where the context is too short."""
        n_ctx = self._model.info.n_ctx
        if n_ctx and len(self._tokenizer(prompt + answer)["input_ids"]) > n_ctx:
            return None
        before, whole = (self._model.encode(Input(text=TextInput(text))) for text in (prompt, prompt + answer))
        ids = whole.tokens.ids
        n_same = min(len(ids), len(before.tokens))
        differs = np.flatnonzero(ids[:n_same] != before.tokens.ids[:n_same])
        start = int(differs[0]) if len(differs) else n_same
        stop = 1 + int(np.flatnonzero(~whole.tokens.is_special)[-1])  # some tokenizers end every text
        if start == 0:
            raise Refused(f"{self._model.info.name} has nothing to go on from; type a task with longer inputs.")
        state = layer_outputs(self._model, whole.tensors, self._context, self._last)[-1]
        found = predictions(self._model, state[:, start - 1 : stop], np.append(ids[start:stop], -1), 1, self._context)
        likeliest = found.ids[:, 0]
        wrong = np.flatnonzero(likeliest[:-1] != ids[start:stop])
        n_said = int(wrong[0]) if len(wrong) else stop - start
        said = self._said([*ids[start : start + n_said].tolist(), int(likeliest[n_said])])
        is_right = not len(wrong) and not said[len(answer.strip()) :][:1].isalnum()
        prob = math.exp(float(found.target_log_probs[:-1].sum(dtype="float64")))
        return _Answer(answer.strip() if is_right else said, is_right, prob)

    def _said(self, ids: list[int]) -> str:
        """Tokens as text, an end of the text by its name."""
        text = str(self._tokenizer.decode(ids, skip_special_tokens=True)).strip()
        return text or word(ids[-1], self._tokenizer)


def _task(request: FewShotRequest) -> FewShotTask:
    if request.path:
        return _read(Path(request.path))
    if request.task not in TASKS:
        raise Refused(f"There is no task {request.task!r}; there are {', '.join(TASKS)}.")
    return TASKS[request.task]


def _read(path: Path) -> FewShotTask:
    """Somebody's own pairs."""
    try:
        text = read_bytes(path, _MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{path.name} is not UTF-8 text (byte {error.start}).") from error
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not FEWEST_EXAMPLES <= len(lines) <= MOST_EXAMPLES:
        raise Refused(f"{path.name} has {len(lines):,} examples; {FEWEST_EXAMPLES} to {MOST_EXAMPLES:,} are allowed.")
    examples = []
    for number, line in lines:
        given, _, answer = (part.strip() for part in line.partition("\t"))
        if not given or not answer or "\t" in answer:
            raise Refused(f"Line {number} of {path.name} is not an input, one tab and an answer.")
        if max(len(given), len(answer)) > _MOST_LETTERS:
            raise Refused(f"Line {number} of {path.name} has more than {_MOST_LETTERS} letters on one side of its tab.")
        examples.append((given, answer))
    return FewShotTask(path.name, tuple(examples))
