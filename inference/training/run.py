"""A run from its beginning, or from where it was stopped, to its end: trains, tells, and saves as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers.utils import logging

from inference.context import Cancelled, Context, Refused
from inference.results.counts import count_of
from inference.results.training import (
    MOST_KEPT_BYTES,
    NETWORKS,
    TASKS,
    WITH_NETWORKS,
    TrainingRequest,
    TrainingResult,
    beyond_limits,
    is_run,
)
from inference.training import run_files
from inference.training.card import card
from inference.training.loop import Training, look_steps

if TYPE_CHECKING:
    from inference.training.task import TrainingTask

# A log or a bar would go to a terminal that may not be there.
logging.set_verbosity_error()
logging.disable_progress_bar()

# By task: module and class, called with request and device.
_TASKS: dict[str, str] = {
    "reversal": "inference.training.reversal:ReversalTask",
    "masked": "inference.training.language:MaskedTask",
    "causal": "inference.training.language:CausalTask",
    "classify": "inference.training.classify:ClassifyTask",
    "contrastive": "inference.training.contrastive:ContrastiveTask",
}
SAVE_EVERY = 5.0  # seconds of training: what a killed process loses at most, with the step that it was at
_TELL_EVERY = 0.5  # seconds


def build_task(request: TrainingRequest, device: torch.device) -> TrainingTask:
    """The model and its data; its weights depend on the seed alone. Leaves torch's generator where steps begin."""
    module, _, name = _TASKS[request.task].partition(":")
    torch.manual_seed(request.plan.seed)
    return getattr(import_module(module), name)(request, device)


class LiveRun:
    """A run that goes on, and its folder."""

    def __init__(self, request: TrainingRequest, clock: Callable[[], float] = time.monotonic) -> None:
        self._request, self._folder, self._clock = request, Path(request.folder), clock
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._task = build_task(request, device)
        self.training = Training(request, self._task, clock)
        self._saved_at = 0.0  # seconds of training
        self._told_at = clock()
        self._n_told = self._n_validations_told = 0
        self._restore()

    @property
    def _is_done(self) -> bool:
        return self.training.step >= self._request.plan.n_steps

    def _restore(self) -> None:
        state = run_files.read_state(self._folder)
        if state is not None:
            kept = run_files.read_result(self._folder)
            self.training.restore(state, kept.log, kept.validations)
            self._saved_at = self.training.seconds

    def go(self, context: Context) -> TrainingResult:
        """Train to the end, or until it is cancelled: what was done is saved in any case."""
        looks = set(look_steps(self._request.plan.n_steps))
        try:
            self._look_if(looks)
            if not is_run(self._folder):
                self.save()  # whatever happens now, there is a run that can go on
            self._tell(context)  # numbers from before a pause, too
            while not self._is_done:
                now = self._clock()
                if now - self._told_at >= _TELL_EVERY:
                    self._tell(context)
                context.checkpoint()
                self.training.advance()
                self._look_if(looks)
                if self.training.seconds - self._saved_at >= SAVE_EVERY:
                    self.save()
        except (Cancelled, Refused):
            self.save()
            raise
        self.save()
        self._tell(context)
        with run_files.saving(self._folder):
            run_files.forget_state(self._folder)
        return self.result()

    def _look_if(self, looks: set[int]) -> None:
        seen = self.training.validations
        if self.training.step in looks and not (seen and seen[-1].step == self.training.step):
            self.training.look()

    def _tell(self, context: Context) -> None:
        self._told_at = self._clock()
        context.checkpoint(self.training.step, self._request.plan.n_steps, self._label)
        result = self.result(self._n_told, self._n_validations_told)
        self._n_told, self._n_validations_told = self.training.step, len(self.training.validations)
        context.partial(result)

    @property
    def _label(self) -> str:
        step, n_steps, seen = self.training.step, self._request.plan.n_steps, self.training.validations
        right = f", {100 * seen[-1].measure:.0f} % right" if seen else ""
        return f"Step {step:,} of {n_steps:,}{right}"

    def result(self, first: int = 0, first_validation: int = 0) -> TrainingResult:
        """The run so far; of its numbers what came behind the first ones."""
        task, training = self._task, self.training
        return TrainingResult(
            n_done=training.step,
            seconds=training.seconds,
            layers=training.layers,
            log=training.log(first),
            validations=tuple(training.validations[first_validation if first else 0 :]),  # from the start on: all
            measure=task.measure,
            example=task.example,
            rows=task.rows,
            columns=task.columns,
            baselines=task.baselines,
            facts=task.facts,
            parts=task.parts,
            row=task.row,
            terms=task.terms,
            watched=task.watched,
            watching=task.watching,
        )

    def save(self) -> None:
        """The checkpoint, the numbers, and what is needed to go on."""
        self._saved_at = self.training.seconds
        folder, result = self._folder, self.result()
        with run_files.saving(folder):
            net = self._task.whole()
            with run_files.beside(folder) as partial:
                net.save_pretrained(partial)
                self._task.tokenizer.save_pretrained(partial)
                self._task.save_beside(partial)
                text = card(self._request, result, net.num_parameters())
                (partial / "README.md").write_text(text, encoding="utf-8")
            run_files.write_run(folder, self._request, result)
            run_files.write_state(folder, self.training.state())


def train(request: TrainingRequest, context: Context, clock: Callable[[], float] = time.monotonic) -> TrainingResult:
    """Train a tiny model, or go on where a run with the same wishes was stopped.

    The folder is an ordinary checkpoint all along, saved every few seconds of training.

    Parameters
    ----------
    context
        One checkpoint a step; a partial result about twice a second, with what is new.

    Raises
    ------
    Refused
        A wish is out of bounds; the folder holds something else, or cannot be written; the data does not serve; or the
        loss is no number any more.
    """
    check(request)
    folder = Path(request.folder)
    _check_folder(request, folder)  # before anything is made there
    with run_files.reserved(folder):
        _check_folder(request, folder)
        if is_run(folder) and run_files.read_run(folder)[1].n_done >= request.plan.n_steps:
            return run_files.read_result(folder)
        context.checkpoint(0, request.plan.n_steps, "Reading the data")
        with torch.random.fork_rng():
            return LiveRun(request, clock).go(context)


def check(request: TrainingRequest) -> None:
    """Raise `Refused` unless it can be trained in bounded time and memory."""
    if request.task not in TASKS:
        raise Refused(f"Task is {request.task!r}; one of {', '.join(TASKS)} is needed.")
    if why := beyond_limits(request) or request.masks.why_not():
        raise Refused(why)
    sizes = request.sizes
    if sizes.architecture not in NETWORKS:
        raise Refused(f"Architecture is {sizes.architecture!r}; one of {', '.join(NETWORKS)} is needed.")
    if sizes.architecture != "transformer" and request.task not in WITH_NETWORKS:
        learned = " and ".join(TASKS[task].lower() for task in WITH_NETWORKS)
        raise Refused(f"{TASKS[request.task]} is learned by a Transformer alone; an LSTM learns {learned}.")
    if sizes.d_model % sizes.n_heads or sizes.d_model % 2:
        raise Refused(
            f"The width is {sizes.d_model} with {count_of(sizes.n_heads, 'heads')}; the width has to be even and a "
            "multiple of the number of heads."
        )


def _check_folder(request: TrainingRequest, folder: Path) -> None:
    if is_run(folder):
        kept, _ = run_files.read_run(folder)
        if run_files.without_folder(kept) != run_files.without_folder(request):
            raise Refused(f"{folder.name} holds a run with other options; choose another name, or delete it.")
        return
    others = [one.name for one in folder.iterdir() if one.name != run_files.INSIDE] if folder.is_dir() else []
    if others:
        raise Refused(f"{folder} holds something else, such as {others[0]}; an empty folder is needed.")
    n_bytes = run_files.bytes_in(folder.parent) if folder.parent.name == "runs" else 0
    if n_bytes > MOST_KEPT_BYTES:
        raise Refused(
            f"The runs that are kept take {n_bytes / 2**30:.1f} GB; {MOST_KEPT_BYTES / 2**30:.0f} GB are allowed. "
            "Delete some first."
        )
