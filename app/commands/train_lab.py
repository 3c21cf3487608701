"""`headlight train reversal`, `masked`, `causal`, `classify` and `contrastive`: the training lab without a window."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.figures import BadOption
from app.commands.options import add_options
from inference.results.comparison import COMPARED, NotComparable, compared_runs
from inference.results.counts import noun
from inference.results.training import Task, TrainingRequest, TrainingResult
from resources import bundled_checkpoints, checkpoint_path
from widgets.views.training.options import ONLY_FOR, ONLY_TRANSFORMER, RunOptions

if TYPE_CHECKING:
    from app.commands.train_place import TrainPlace


@dataclass(frozen=True)
class LabCommand:
    """Trains a task of the lab into a folder, and goes on there with `--resume`."""

    task: Task
    ABOUT: str

    def add_options(self, parser: ArgumentParser) -> None:
        """What it understands."""
        if self.task in ("masked", "causal"):
            about = "a text to learn from (default: sentences of Headlight's own)"
            parser.add_argument("text", nargs="?", default="", metavar="TEXT", help=about)
        if self.task == "classify":
            parser.add_argument("text", metavar="CSV", help="a table with the columns text and label")
            first = bundled_checkpoints()[0]
            about = f"what is fine-tuned: a bundled name or a folder (default: {first})"
            parser.add_argument("--checkpoint", metavar="NAME_OR_PATH", default=first, help=about)
        parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the checkpoint is written")
        parser.add_argument("--resume", action="store_true", help="go on with the run in that folder")
        about = "train runs into folders of it that differ in one thing only, one after the other: " + "; ".join(
            f"{name}: {title[:1].lower()}{title[1:]}"
            for name, title in COMPARED.items()
            if name == "warm-up" or self.task == "reversal"  # norms stand in one place in the others
        )
        parser.add_argument("--compare", choices=tuple(COMPARED), metavar="WHAT", help=about)
        add_options(parser, RunOptions, leave_out=self._left_out, usual=RunOptions.usual(self.task))

    @property
    def _left_out(self) -> frozenset[str]:
        """Options that say nothing here."""
        return frozenset({"task", *(name for name, tasks in ONLY_FOR.items() if self.task not in tasks)})

    def run(self, args: Namespace, place: TrainPlace) -> str:
        """Train; what came of it, a line each."""
        folder = place.whole(str(args.out))
        if args.compare is None and place.has_run(folder) != args.resume:
            what = "no run to go on with" if args.resume else "a run already; --resume goes on with it"
            raise BadOption(f"{place.told(args.out)} holds {what}.")
        typed = RunOptions.of(args)
        usual = RunOptions.usual(self.task)
        for name, why in ONLY_TRANSFORMER.items() if getattr(args, "architecture", "") == "lstm" else ():
            if name not in self._left_out and getattr(typed, name) != getattr(usual, name):
                raise BadOption(f"--{name} cannot be chosen with --architecture lstm: {why}")
        chosen = {name: getattr(typed, name) for name in RunOptions.declared() if name not in self._left_out}
        options = replace(usual, **chosen)
        text, base = getattr(args, "text", ""), getattr(args, "checkpoint", "")
        if base and base not in bundled_checkpoints():
            base = place.whole(base) if place.machine else str(checkpoint_path(base).resolve())
        request = options.request(folder, os.path.abspath(text) if text else "", base)
        requests = (request,) if args.compare is None else self._compared(args, request, place)
        try:
            return "\n".join(self._told(args, one, place.train(one), place) for one in requests)
        except KeyboardInterrupt:
            is_saved = any(place.has_run(one.folder) for one in requests)
            where = place.told(args.out)
            told = f"What was saved is in {where}; --resume goes on with it." if is_saved else "Nothing is saved yet."
            raise BadOption(f"Stopped. {told}") from None

    def _compared(self, args: Namespace, request: TrainingRequest, place: TrainPlace) -> tuple[TrainingRequest, ...]:
        """The runs of a comparison, each in a folder of its own in `--out`."""
        try:
            requests = compared_runs(replace(request, folder=str(Path(request.folder) / request.name)), args.compare)
        except NotComparable as error:
            raise BadOption(str(error)) from None
        if not args.resume and (there := [one.name for one in requests if place.has_run(one.folder)]):
            raise BadOption(
                f"{place.told(args.out)} holds the run {there[0]} already; --resume goes on with all of them."
            )
        return requests

    def _told(self, args: Namespace, request: TrainingRequest, result: object, place: TrainPlace) -> str:
        """What came of a run, a line each."""
        assert isinstance(result, TrainingResult)
        seen = result.validations[-1]
        where = place.told(args.out if args.compare is None else args.out / request.name)
        parts = zip(result.parts, seen.parts, strict=False)
        lines = (
            f"{where}: {result.n_done:,} {noun(result.n_done, 'steps')} in {result.seconds:.0f} s",
            f"{result.measure}: {seen.measure:.3f}; loss {seen.loss:.4f} nats",
            *(f"{name}: {value:.3f}" for name, value in parts),
            *(f"{name}: {value:.3f}" for name, value in result.baselines),
            f"{result.example} \N{RIGHTWARDS ARROW} {seen.said}",
        )
        return "\n".join(lines)


REVERSAL = LabCommand("reversal", "teach a Transformer of 2017, or an LSTM with attention, to write strings backwards")
MASKED = LabCommand("masked", "teach a tiny BERT to find masked words")
CAUSAL = LabCommand("causal", "teach a tiny GPT-2, or an LSTM, to go on with a text")
CONTRASTIVE = LabCommand("contrastive", "teach a tiny CLIP which text is said of which drawn image")
CLASSIFY = LabCommand("classify", "teach a checkpoint to tell the labels of a table")
