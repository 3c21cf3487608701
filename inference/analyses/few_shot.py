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
from inference.results.counts import count_of
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
    # Finished trials stay with the model: a measurement that was put off goes on behind them.
    done = model.store.get("few_shot")
    if not isinstance(done, _Done) or done.request != request:
        model.store["few_shot"] = done = _Done(request)
    while len(done.trials) < request.n_trials:
        _try_once(task, done, reader, context)
        context.partial(done.result(task))
    return done.result(task)


def _try_once(task: FewShotTask, done: _Done, reader: _Reader, context: Context) -> None:
    """One more trial; it counts once it is over."""
    number, n_trials = len(done.trials), done.request.n_trials
    chosen, others = drawn(task.examples, done.request.seed, number)
    *examples, (given, answer) = (task.examples[i] for i in chosen)
    mixed = [(own, task.examples[i][1]) for (own, _), i in zip(examples, others, strict=True)]
    asked, longest = given + task.sign, done.longest
    found: list[list[_Answer]] = []
    for shown in (examples, mixed):
        lines = [f"{own}{task.sign} {end}" for own, end in shown]
        answers: list[_Answer] = []
        for n_shots in range(longest + 1):
            context.checkpoint(number, n_trials, f"Trial {number + 1} of {n_trials}")
            heard = reader.ask("\n".join((*lines[:n_shots], asked)), f" {answer}")
            if heard is None:
                longest = n_shots - 1
                break
            answers.append(heard)
        found.append(answers)
    if longest < 0:
        raise Refused(f"“{asked}” alone is longer than the {reader.n_ctx:,} tokens that the model reads.")
    shots = tuple(f"{own}{task.sign} {end}" for own, end in examples)
    said, is_right = tuple(one.said for one in found[0]), tuple(one.is_right for one in found[0])
    done.add(found, FewShotTrial(shots, asked, answer, said, is_right), longest)


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
class _Done:
    """The trials so far.

    Attributes
    ----------
    longest
        Examples with which every prompt so far fitted into the context. With more, short ones alone would be counted,
        which is another task.
    """

    request: FewShotRequest
    longest: int = MOST_SHOTS
    trials: list[FewShotTrial] = field(default_factory=list)
    right: np.ndarray = field(default_factory=lambda: np.zeros((_N_KINDS, MOST_SHOTS + 1), np.int32))
    tried: np.ndarray = field(default_factory=lambda: np.zeros((_N_KINDS, MOST_SHOTS + 1), np.int32))
    probs: np.ndarray = field(default_factory=lambda: np.zeros((_N_KINDS, MOST_SHOTS + 1)))

    def add(self, found: list[list[_Answer]], trial: FewShotTrial, longest: int) -> None:
        """Count the answers of a trial, by kind and number of examples."""
        for kind, answers in enumerate(found):
            for n_shots, answer in enumerate(answers):
                self.right[kind, n_shots] += answer.is_right
                self.tried[kind, n_shots] += 1
                self.probs[kind, n_shots] += answer.prob
        self.trials.append(trial)
        self.longest = longest
        for counts in (self.right, self.tried, self.probs):
            counts[:, longest + 1 :] = 0

    def result(self, task: FewShotTask) -> FewShotResult:
        """What is known by now."""
        n = self.longest + 1
        trials = tuple(replace(one, said=one.said[:n], is_right=one.is_right[:n]) for one in self.trials)
        with np.errstate(invalid="ignore"):
            probs = np.where(self.tried > 0, self.probs / self.tried, np.nan).astype(np.float32)
        counts = self.right.copy(), self.tried.copy(), probs
        return FewShotResult(task.title, self.request.n_trials, len(task.examples), *counts, trials, self.longest)


class _Reader:
    """Asks a model how it would go on."""

    def __init__(self, model: Model, context: Context) -> None:
        if model.tokenizer is None:
            raise Refused(f"{model.info.name} has no tokenizer, so that no task can be put to it as a text.")
        components = model.components
        self._model, self._tokenizer, self._context = model, model.tokenizer, context
        self.n_ctx = model.info.n_ctx
        self._last = components.stacks[components.of_head].blocks[-1:]

    def ask(self, prompt: str, answer: str) -> _Answer | None:
        """What the model says behind a prompt, as far as it is the answer; None where the context is too short."""
        if self.n_ctx and len(self._tokenizer(prompt + answer)["input_ids"]) > self.n_ctx:
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
        there = count_of(len(lines), "examples")
        raise Refused(f"{path.name} has {there}; {FEWEST_EXAMPLES} to {MOST_EXAMPLES:,} are allowed.")
    examples = []
    for number, line in lines:
        given, _, answer = (part.strip() for part in line.partition("\t"))
        if not given or not answer or "\t" in answer:
            raise Refused(f"Line {number} of {path.name} is not an input, one tab and an answer.")
        if max(len(given), len(answer)) > _MOST_LETTERS:
            raise Refused(f"Line {number} of {path.name} has more than {_MOST_LETTERS} letters on one side of its tab.")
        examples.append((given, answer))
    return FewShotTask(path.name, tuple(examples))
