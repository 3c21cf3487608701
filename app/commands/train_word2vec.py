"""`headlight train word2vec`: vectors of the words of a text."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.figures import BadOption
from app.commands.options import add_options as add_declared
from app.export.saving import ExportError, check_place
from inference.context import Refused
from inference.results.counts import count_of
from inference.results.train_word2vec import (
    VECTOR_ENDINGS,
    TrainWord2VecRequest,
    TrainWord2VecResult,
    unfinished_file,
)
from inference.training.unfinished_vectors import reserved_vectors
from widgets.views.embedding.command import words_in
from widgets.views.embedding.options import TrainingOptions

if TYPE_CHECKING:
    from app.commands.train_place import TrainPlace

ABOUT: str = "learn vectors of the words of a text, from which words stand near each other"


def add_options(parser: ArgumentParser) -> None:
    """What `headlight train word2vec` understands."""
    about = "a text file in UTF-8 (default: a million words drawn from the n-grams that come with Headlight)"
    parser.add_argument("text", nargs="?", default="", metavar="TEXT", help=about)
    add_declared(parser, TrainingOptions)
    parser.add_argument("--watch", default="", metavar="WORD,...", help="tell the nearest words of these at the end")
    endings = "ending .npz, or as word2vec writes them .txt, .vec or .bin"
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=endings)
    parser.add_argument("--resume", action="store_true", help="go on with the run that was stopped there")
    parser.add_argument("--force", action="store_true", help="replace a file that is there, and begin anew")


def run(args: Namespace, place: TrainPlace) -> str:
    """Train and save; what came of it, a line each."""
    if place.machine:
        raise BadOption("Word vectors are written on the machine that trains them; train them without --engine.")
    if args.out.suffix not in VECTOR_ENDINGS:
        raise ExportError(f"{args.out} ends in none of {', '.join(VECTOR_ENDINGS)}.")
    check_place(args.out, may_replace=True)
    unfinished = unfinished_file(args.out)
    try:
        with reserved_vectors(args.out):  # while another process trains there, its run is not one that was stopped
            _prepare(args, unfinished)
    except Refused as error:
        raise BadOption(str(error)) from None
    options = TrainingOptions.of(args)
    text = os.path.abspath(args.text) if args.text else ""
    watched = tuple(word.lower() for word in words_in(args.watch))
    out = os.path.abspath(args.out)
    before = _written(args.out)
    try:
        result = place.train(TrainWord2VecRequest(text, out, options.settings, options.min_count, watched=watched))
    except KeyboardInterrupt:
        if unfinished.exists():
            told = f"What was learned is in {unfinished}; --resume goes on with it."
        elif _written(args.out) != before:
            told = f"The vectors as they were learned so far are in {args.out}."
        else:
            told = "Nothing is saved yet."
        raise BadOption(f"Stopped. {told}") from None
    assert isinstance(result, TrainWord2VecResult)
    told = f"{result.n_vocabulary:,} vectors of {result.settings.d_model} numbers, from {result.n_words:,} words"
    loss = f", loss {float(result.losses[-1]):.3f}" if len(result.losses) else ""
    near = [f"{word}: {', '.join(found)}" for word, found in zip(result.watched, result.neighbours, strict=True)]
    rare = f"no vector: it is not in the text, or fewer than {count_of(options.min_count, 'times')}"
    near += [f"{word}: {rare}" for word in dict.fromkeys(watched) if word not in result.watched]
    return "\n".join([f"{args.out}: {told}{loss}", *near])


def _prepare(args: Namespace, unfinished: Path) -> None:
    """Refuse what would replace something, or make room for it."""
    if args.resume and not unfinished.exists():
        raise BadOption(f"There is no {unfinished}, so no run to go on with.")
    if unfinished.exists() and not (args.resume or args.force):
        raise BadOption(f"{unfinished} is of a run that was stopped; --resume goes on with it, --force begins anew.")
    check_place(args.out, may_replace=args.force or args.resume)
    if not args.resume:
        unfinished.unlink(missing_ok=True)


def _written(file: Path) -> int:
    """When, in nanoseconds; 0 where there is no such file."""
    return file.stat().st_mtime_ns if file.exists() else 0
