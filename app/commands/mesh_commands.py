"""`headlight mesh`: a model samples meshes, and they are written as files."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.figures import BadOption
from app.commands.option_types import DEVICE_HELP, ENGINE_HELP, between, device_of, machine_of
from app.commands.options import add_options as add_declared
from app.export.formats import BY_MESH_COMMAND, ending_of
from app.export.saving import ExportError
from inference.results.checkpoint import CheckpointInfo, InspectRequest
from inference.results.growing import MOST_AT_ONCE
from inference.results.inputs import MeshInput
from inference.results.mesh import MeshRequest, MeshResult, MeshSample
from widgets.views.mesh.options import MeshFileOptions, MeshSamplingOptions

if TYPE_CHECKING:
    from app.export.mesh_look import MeshLook

ABOUT = "let a model sample a mesh, and write it, its growth or its tokens to a file"
MOST = 1_000


Ask = Callable[[object], object]
Tell = Callable[[tuple[str, ...]], None]


def add_options(parser: ArgumentParser) -> None:
    """What `headlight mesh` understands."""
    parser.add_argument("--checkpoint", metavar="NAME_OR_PATH", help="a bundled name or a folder (default: bundled)")
    parser.add_argument("--device", type=device_of, metavar="DEVICE", help=DEVICE_HELP)
    parser.add_argument("--engine", type=machine_of, default="", metavar="ADDRESS", help=ENGINE_HELP)
    parser.add_argument("--class", dest="label", metavar="NAME", help="what to sample, such as chair")
    parser.add_argument(
        "--count", type=between(1, MOST), default=1, metavar="N", help="so many, of one seed after the other"
    )
    sampling = parser.add_argument_group("sampling")
    add_declared(sampling, MeshSamplingOptions)
    file = parser.add_argument_group("file")
    file.add_argument(
        "--out", type=Path, required=True, metavar="FILE",
        help=f"ending {_endings()}; a folder with --count, and for frames",
    )  # fmt: skip
    file.add_argument(
        "--format", choices=BY_MESH_COMMAND, help="needed with --count; frames are numbered PNGs in a folder"
    )
    file.add_argument("--size", type=_size, default=(800, 600), metavar="WxH", help="pixels (default: 800x600)")
    file.add_argument("--theme", choices=("light", "dark"), default="light", help="(default: light)")
    add_declared(file, MeshFileOptions)
    file.add_argument("--force", action="store_true", help="replace files that are there")
    pace = file.add_mutually_exclusive_group()
    pace.add_argument("--speed", type=between(0.1, 100, float), metavar="X", help="of a film (default: 1)")
    pace.add_argument("--seconds", type=between(0.1, 300, float), metavar="S", help="how long a film grows")


def run(args: Namespace, ask: Ask, tell: Tell = lambda _notes: None) -> str:
    """Sample and write; what came of it, a line each.

    Parameters
    ----------
    ask
        The engine: a request in, its result out.
    tell
        Told what of the checkpoint was left aside or assumed.

    Raises
    ------
    ExportError, BadOption
        One sentence for the user.
    """
    from app.export.mesh_files import check, write

    is_folder = args.count > 1
    if is_folder and args.format is None:
        raise BadOption("--count needs --format, as --out names a folder then.")
    place, kind = (args.out, args.format)
    if not is_folder:
        place, kind = check(args.out, args.format or "", may_replace=args.force)
    if is_folder:
        _make_folder(place)
    look = _look(args)
    checkpoint = args.checkpoint or _bundled()
    info = ask(InspectRequest(checkpoint))
    assert isinstance(info, CheckpointInfo)
    if "mesh" not in info.capabilities:
        raise BadOption(f"{info.name} samples no meshes; choose a checkpoint that does.")
    tell(info.notes)
    label, options = _label(args.label, info), MeshSamplingOptions.of(args)
    name = "-".join(("mesh" if label is None else info.classes[label]).split())
    lines = []
    for first in range(options.seed, options.seed + args.count, MOST_AT_ONCE):
        n = min(MOST_AT_ONCE, options.seed + args.count - first)
        result = ask(
            MeshRequest(
                checkpoint, MeshInput(label), first, n, options.temperature, options.top_p, options.masks, options.top_k
            )
        )
        assert isinstance(result, MeshResult)
        for sample in result.samples:
            file = _file_in(place, f"{name}-{sample.seed}", kind) if is_folder else place
            try:
                write(sample, file, kind, look, may_replace=args.force, notes=info.beside_files(info.notes))
            except ExportError as error:
                if not is_folder:
                    raise
                lines.append(f"{file.name}: {error}")
            else:
                lines.append(f"{file}: {_summary(sample, info)}")
    return "\n".join(lines)


def _endings() -> str:
    return ", ".join(filter(None, map(ending_of, BY_MESH_COMMAND)))


def _summary(sample: MeshSample, info: CheckpointInfo) -> str:
    from widgets.views.mesh.growth import Growth
    from widgets.views.mesh.read_out import mesh_text

    name = "" if sample.label is None else f"{info.classes[sample.label]}, "
    return f"{name}seed {sample.seed}. {mesh_text(Growth(sample))}"


def _look(args: Namespace) -> MeshLook:
    from app.export.mesh_look import MeshLook

    return MeshLook(
        args.size, args.theme, MeshFileOptions.of(args).color, speed=args.speed or 1.0, seconds=args.seconds
    )


def _label(name: str | None, info: CheckpointInfo) -> int | None:
    if not info.classes:
        if name is not None:
            raise BadOption(f"{info.name} is told no class, so --class {name} is not understood.")
        return None
    known = ", ".join(info.classes)
    if name is None:
        raise BadOption(f"--class is needed: {info.name} samples {known}.")
    lowered = [one.lower() for one in info.classes]
    if name.lower() not in lowered:
        raise BadOption(f"--class is {name!r}; {info.name} samples {known}.")
    return lowered.index(name.lower())


def _bundled() -> str:
    """The first bundled checkpoint that samples meshes."""
    from resources import bundled_checkpoints

    names = [name for name in bundled_checkpoints() if name.startswith("polygen")]
    if not names:
        raise BadOption("No checkpoint that samples meshes is bundled; name one with --checkpoint.")
    return names[0]


def _make_folder(place: Path) -> None:
    from app.export.saving import why_not_written

    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{place} could not be made: {why_not_written(error, place)}.") from error


def _file_in(folder: Path, name: str, kind: str) -> Path:
    return folder / f"{name}{ending_of(kind)}"


def _size(text: str) -> tuple[int, int]:
    from app.export.mesh_look import SIDES

    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a size such as 800x600") from None
    if not (SIDES[0] <= min(width, height) and max(width, height) <= SIDES[1]):
        raise ArgumentTypeError(f"{text} is not between {SIDES[0]} and {SIDES[1]:,} pixels a side")
    return width, height
