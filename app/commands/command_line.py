"""`headlight figure`, `mesh`, `train`, `inspect` and so on: what the window shows, without a window."""

from __future__ import annotations

import io
import json
import os
import sys
from argparse import Action, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Generator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from app.commands import hub_commands
from app.commands.command_engine import CommandEngine, EngineCall, answer_of
from app.commands.faults import Fault

if TYPE_CHECKING:
    from PySide6.QtGui import QGuiApplication

    from inference.results.checkpoint import CheckpointInfo
    from inference.results.inputs import Input
    from widgets.kit.figure import Figure
    from widgets.look.theme import FigureStyle

_EXAMPLES = """\
examples:
  headlight figure attention --text "The cat sat on the mat." --layer 2 --head 1 --out cat.svg
  headlight figure masked --text "The cat sat on the [MASK]." --caption --out mat.pdf
  headlight figure attention --text "The cat sat." --out all.npz
  headlight figure patches --checkpoint vit-scenes --scene 3 --query 4,5 --out patches.png
  headlight figure heads --engine ssh://gpu1 --checkpoint ~/models/bert --text "The cat sat." --out heads.pdf
  headlight figure --batch slides.json
  headlight mesh --class chair --seed 3 --out chair.gif
  headlight train word2vec book.txt --out book.npz
  headlight train reversal --steps 500 --out reversed
  headlight inspect path/to/checkpoint
  headlight download google/bert_uncased_L-2_H-128_A-2
"""


_TYPED = ("text", "text_file", "token_ids")


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Fault(f"{message} (see {self.prog} --help)")

    def understand(self, argv: Sequence[str]) -> Namespace:
        """What was typed. A name without an option is most often a checkpoint, which is said."""
        known, rest = self.parse_known_args(argv)
        if rest:
            message = f"unrecognized arguments: {' '.join(rest)}"
            figure = getattr(known, "figure", None)
            if figure and not rest[0].startswith("-") and getattr(known, "checkpoint", "") is None:
                message += f"; a checkpoint is named so: headlight figure {figure} --checkpoint {rest[0]}"
            self.error(message)
        return known


def run(argv: Sequence[str]) -> int:
    """Run a command; 0, or 2 after one line on stderr."""
    from widgets.kit.clean import shown

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may know fewer letters than a text has
            stream.reconfigure(errors="backslashreplace")
    try:
        args = _parser(argv[0] if argv else "").understand(argv)
        print(shown(args.run(args)), flush=True)
    except Fault as fault:
        print("headlight:", shown(" ".join(str(fault).split())), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has seen enough, as `head` does; what is left must not be flushed at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    except SystemExit as done:  # --help
        return int(done.code or 0)
    return 0


def _parser(command: str = "") -> _Parser:
    """Understands one command, or all of them: what the options of others are made of is not imported for it."""
    parser = _Parser(
        prog="headlight",
        description="A microscope for transformers. Without a command the window opens.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    adders = {"figure": _add_figure, "mesh": _add_mesh, "train": _add_train, "inspect": _add_inspect}
    adders |= dict.fromkeys(hub_commands.NAMES, hub_commands.add_commands)
    for add in (adders[command],) if command in adders else dict.fromkeys(adders.values()):
        add(commands)
    return parser


def _add_figure(commands: Any) -> None:
    from app.commands import batch
    from app.commands.figures import FIGURES
    from app.commands.option_types import DEVICE_HELP, ENGINE_HELP, device_of, machine_of
    from app.commands.options import add_options
    from app.commands.shared_options import SHARED, add_look
    from app.export import film_files
    from app.export.export import ENDINGS

    about = "write a figure, or its numbers, to a file"
    figure = commands.add_parser("figure", help=about, description=f"{about[0].upper()}{about[1:]}.")
    figure.add_argument("--batch", type=Path, metavar="FILE", help=batch.ABOUT)
    figure.set_defaults(run=_figures, figure=None)
    kinds = figure.add_subparsers(title="figures", metavar="FIGURE")
    for name, command in FIGURES.items():
        about = f"Write {command.about}."
        one = kinds.add_parser(name, aliases=command.aliases, help=command.about, description=about, allow_abbrev=False)
        if command.request:
            one.add_argument("--checkpoint", metavar="NAME_OR_PATH", help="a bundled name or a folder")
            about = "run in float32 (the default), or in the number format of the file"
            one.add_argument("--device", type=device_of, metavar="DEVICE", help=DEVICE_HELP)
            one.add_argument("--engine", type=machine_of, default="", metavar="ADDRESS", help=ENGINE_HELP)
            one.add_argument("--precision", choices=("float32", "file"), default="float32", help=about)
        for option in command.shared:
            SHARED[option](one)
        if command.options:
            add_options(one, command.options)
        if command.add_arguments:
            command.add_arguments(one)
        add_look(one, (*ENDINGS, *film_files.ENDINGS) if command.has_film else ENDINGS)
        one.set_defaults(run=_figure, figure=name)
    figure.set_defaults(options={name: _options_of(one) for name, one in kinds.choices.items()})


def _add_mesh(commands: Any) -> None:
    from app.commands import mesh_commands

    mesh = commands.add_parser("mesh", help=mesh_commands.ABOUT, description="Sample meshes.", allow_abbrev=False)
    mesh_commands.add_options(mesh)
    mesh.set_defaults(run=_mesh)


def _add_train(commands: Any) -> None:
    from app.commands import train_commands
    from app.commands.option_types import TRAIN_ENGINE_HELP, machine_of

    train = commands.add_parser("train", help=train_commands.ABOUT, description="Train a model.")
    kinds = train.add_subparsers(title="models", metavar="MODEL", required=True)
    for name, trained in train_commands.TRAIN.items():
        about = trained.ABOUT
        one = kinds.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False)
        trained.add_options(one)
        one.add_argument("--engine", type=machine_of, default="", metavar="ADDRESS", help=TRAIN_ENGINE_HELP)
        one.set_defaults(run=_train, model=name)


def _add_inspect(commands: Any) -> None:
    from app.commands.option_types import ENGINE_HELP, between, machine_of
    from inference.results.needs import MOST_TOKENS, USUAL_TOKENS

    about = "say what a checkpoint is and which views it offers"
    inspect = commands.add_parser("inspect", help=about, description=f"{about[0].upper()}{about[1:]}.")
    inspect.add_argument("checkpoint", metavar="NAME_OR_PATH", help="a folder, a bundled name, or a hub id")
    about = "tell the memory for looking at a text of so many tokens (default: 512)"
    inspect.add_argument("--tokens", type=between(1, MOST_TOKENS), default=USUAL_TOKENS, metavar="N", help=about)
    inspect.add_argument("--engine", type=machine_of, default="", metavar="ADDRESS", help=ENGINE_HELP)
    inspect.add_argument("--json", action="store_true", help="as JSON")
    inspect.set_defaults(run=_inspect)


def _options_of(parser: ArgumentParser) -> dict[str, Action]:
    """By how they are written."""
    return {written: action for action in parser._actions for written in action.option_strings}


def _inspect(args: Namespace) -> str:
    from app.commands.inspect_text import inspect_text
    from app.commands.inspecting import inspected

    if not args.checkpoint.strip():  # which a path would take for the folder that one is in
        raise Fault("Type a folder, a bundled name, or the id of a checkpoint on the hub.")
    if args.engine:
        info = CommandEngine().info(args.checkpoint, args.engine)
        return json.dumps(asdict(info), indent=2) if args.json else inspect_text(info, args.tokens)
    if hub_commands.is_elsewhere(args.checkpoint):
        return hub_commands.inspect(args.checkpoint, as_json=args.json, n_tokens=args.tokens)
    args.checkpoint = hub_commands.place_of(args.checkpoint)
    info = inspected(args.checkpoint, lambda checkpoint: CommandEngine().info(checkpoint))
    return json.dumps(asdict(info), indent=2) if args.json else inspect_text(info, args.tokens)


def _train(args: Namespace) -> str:
    from app.commands.figures import BadOption
    from app.commands.train_commands import TRAIN
    from app.commands.train_place import TrainPlace
    from app.export.saving import ExportError, FileIsThere

    try:
        with TrainPlace(args.engine) as place:
            return TRAIN[args.model].run(args, place)
    except FileIsThere as error:
        raise Fault(f"{error} Another name, or --force to replace it.") from error
    except (ExportError, BadOption) as error:
        raise Fault(str(error)) from error


def _mesh(args: Namespace) -> str:
    from app.commands import mesh_commands
    from app.commands.figures import BadOption
    from app.export.saving import ExportError, FileIsThere

    engine = CommandEngine().use(args.device or "", args.engine)
    _app = _application()  # kept until the end: fonts are its own
    try:
        return mesh_commands.run(args, lambda request: answer_of(engine, request), _tell)
    except FileIsThere as error:
        raise Fault(f"{error} Another name, or --force to replace it.") from error
    except (ExportError, BadOption) as error:
        raise Fault(str(error)) from error


def _figures(args: Namespace) -> str:
    from app.commands import batch

    if args.batch is None:
        raise Fault("the following arguments are required: FIGURE, or --batch (see headlight figure --help)")
    parser, session = _parser("figure"), CommandEngine()
    _app = _application()  # kept until the end: fonts are its own
    return batch.make_all(
        args.batch, args.options, lambda written: _figure(parser.understand(["figure", *written]), session)
    )


def _figure(args: Namespace, session: CommandEngine | None = None) -> str:
    from app.commands.figures import FIGURES, BadOption, answer_all
    from app.export import film_files, films
    from app.export.export import ENDINGS, check, save
    from app.export.page.lengths import PIXELS_AN_INCH
    from app.export.saving import ExportError, FileIsThere
    from widgets.figure_command import repeated_of

    if args.batch is not None:
        raise Fault(f"--batch names a file of figures; leave {args.figure} out.")
    command = FIGURES[args.figure]
    try:
        endings = (*ENDINGS, *film_files.ENDINGS) if command.has_film else ENDINGS
        check(args.out, endings, may_replace=args.force)
        _check_text(args)
        _app = _application()  # kept until the end: fonts are its own
        result, source, notes = None, "", ()
        if command.request:
            from inference.results.checkpoint import in_own_precision
            from resources import bundled_checkpoints

            session = session or CommandEngine()
            engine = session.use(args.device or "", args.engine)
            is_own = args.precision == "file"
            args.checkpoint = in_own_precision(args.checkpoint or bundled_checkpoints()[0], is_own=is_own)
            info = session.info(args.checkpoint, args.engine)
            _check_kinds(args, info)
            asked = command.request(args, info)
            inputs: list[Input] = []

            def answer(request: object) -> object:
                inputs.extend(filter(None, [getattr(request, "input", None)]))
                return answer_of(engine, request)

            result = answer_all(asked, answer) if isinstance(asked, Generator) else answer(asked)
            source = info.name if command.names_checkpoint else ""
            notes = (*repeated_of(args), *_notes(engine, args.checkpoint, info, inputs, result))
            _tell(notes)
        figure = command.figure(result, args)
        if film_files.is_film(args.out) and films.grows(figure):
            width = args.width.pixels(PIXELS_AN_INCH) if args.width else None
            film_files.save(figure, args.out, style=_style(args), width=width, may_replace=args.force, notes=notes)
            return f"{args.out}: {figure.caption}"
        why_smaller = save(
            figure,
            args.out,
            style=_style(args),
            width=args.width,
            dpi=args.dpi,
            keep_letters=args.font_size is not None,
            transparent=args.transparent,
            caption=_caption(args, source, figure) if args.caption else "",
            arrays=command.arrays(result, args) if command.arrays else None,
            may_replace=args.force,
            notes=notes,
        )
        _tell((why_smaller,) if why_smaller else ())
    except FileIsThere as error:
        raise Fault(f"{error} Another name, or --force to replace it.") from error
    except (ExportError, BadOption) as error:
        raise Fault(str(error)) from error
    return f"{args.out}: {figure.caption}"


def _tell(notes: tuple[str, ...]) -> None:
    for note in notes:
        print("headlight: note:", " ".join(note.split()), file=sys.stderr)


def _notes(
    engine: EngineCall, checkpoint: str, info: CheckpointInfo, inputs: list[Input], result: object
) -> tuple[str, ...]:
    """What was left aside or assumed: of the checkpoint, of what it was given, and in what it answered."""
    from inference.results.checkpoint import CheckpointInfo, OpenRequest
    from inference.results.tokenize import TokenizeRequest, TokenizeResult

    notes = info.notes
    if inputs:
        given = answer_of(engine, TokenizeRequest(checkpoint, inputs[-1]))
        assert isinstance(given, TokenizeResult)
        opened = answer_of(engine, OpenRequest(checkpoint))  # at hand by now; says more than a look at the files
        assert isinstance(opened, CheckpointInfo)
        info, notes = opened, given.notes
    return tuple(dict.fromkeys((*info.beside_files(notes), *getattr(result, "notes", ()))))


def _check_kinds(args: Namespace, info: CheckpointInfo) -> None:
    """What is given is what the checkpoint reads."""
    from app.commands.figures import BadOption

    typed = [option for option in _TYPED if getattr(args, option, None) is not None]
    if getattr(args, "sound", None) and "sound" not in info.reads:
        raise BadOption(f"{info.name} reads no sounds: leave --sound out.")
    if hasattr(args, "sound") and typed and "text" not in info.reads:
        option = "text_file" if "text_file" in typed else typed[0]
        raise BadOption(f"{info.name} reads no texts: leave --{option.replace('_', '-')} out.")


def _check_text(args: Namespace) -> None:
    """Read the text file, if one is named. Bytes that are no letters arrive as halves of surrogate pairs."""
    from app.commands.text_files import TextFileError, read_text

    given = [getattr(args, option, None) for option in (*_TYPED, "sound")]
    if hasattr(args, "sound") and not any(one is not None for one in given):
        raise Fault("one of the arguments --text --text-file --token-ids is required, or --sound")
    try:
        if isinstance(getattr(args, "text_file", None), Path):
            args.text = read_text(args.text_file)
    except TextFileError as error:
        raise Fault(str(error)) from error
    given_texts = [("text", text) for text in getattr(args, "texts", None) or ()]
    for option, text in (*((name, getattr(args, name, None)) for name in ("text", "text_pair")), *given_texts):
        try:
            (text or "").encode()
        except UnicodeEncodeError:
            raise Fault(f"--{option.replace('_', '-')} is not valid Unicode.") from None


def _application() -> QGuiApplication:
    from PySide6.QtGui import QGuiApplication

    # Nothing is shown, so no display is needed. On Windows there always is one, and only its plugin knows the fonts.
    if sys.platform != "win32":
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return QGuiApplication.instance() or QGuiApplication(["headlight"])  # type: ignore[return-value]


def _style(args: Namespace) -> FigureStyle:
    from widgets.look.theme import DARK, LIGHT, FigureStyle

    style = FigureStyle(DARK if args.theme == "dark" else LIGHT, color_map=args.color_map)
    if args.font_size:
        style.font.setPointSizeF(args.font_size)
    return style


def _caption(args: Namespace, source: str, figure: Figure) -> str:
    """Checkpoint, what is shown, input."""
    parts = [source, figure.caption]
    if getattr(args, "token_ids", None):
        parts.append(f"token ids {', '.join(map(str, args.token_ids))}")
    elif getattr(args, "text_file", None):
        parts.append(f"text of {args.text_file.name}")
    elif getattr(args, "text", None):
        pair = args.text, getattr(args, "text_pair", None)
        parts.append(" / ".join(f"“{text}”" for text in pair if text))
    if hasattr(args, "image"):
        from widgets.figure_command import image_name

        parts.append(image_name(args))
    if getattr(args, "clip", None):
        parts.append(os.path.basename(args.clip))
    elif hasattr(args, "clip"):
        parts.append(f"film {args.seed}")
    if getattr(args, "sound", None):
        parts.append(f"sound of {os.path.basename(args.sound)}")
    return ". ".join(part.rstrip(".") for part in parts if part)
