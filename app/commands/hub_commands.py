"""`headlight list`, `download`, `delete`, and `inspect` of what is on the hub."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.commands.faults import Fault
from app.commands.jobs_elsewhere import answer_elsewhere, place_elsewhere, told_place
from inference.results.counts import noun
from resources import bundled_checkpoints, checkpoint_path

if TYPE_CHECKING:
    from inference.results.hub import CachedResult, RepoResult

_MB = 1_000_000


NAMES = ("list", "download", "convert", "delete")


def add_commands(commands: Any) -> None:
    """Let a command line understand them."""
    about = "say which checkpoints are on this machine"
    one = commands.add_parser("list", help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False)
    _add_engine(one, "list those on another machine: ssh://HOST, or ssh://USER@HOST:FOLDER of Headlight there")
    one.add_argument("--json", action="store_true", help="as JSON")
    one.set_defaults(run=_list)

    about = "fetch a checkpoint from the Hugging Face hub into its cache"
    one = commands.add_parser("download", help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False)
    one.add_argument("address", metavar="ID", help="such as google-bert/bert-base-uncased, ID@VERSION, or a page")
    pickles = "where there is nothing else, fetch pickles or GGUF, read them as tensors alone, and write safetensors"
    one.add_argument("--convert", action="store_true", help=pickles)
    one.add_argument("--file", default="", metavar="NAME", help="which of several GGUF files (default: that in 8 bits)")
    _add_engine(one, "fetch it into the cache of another machine: ssh://HOST, or ssh://USER@HOST:FOLDER")
    one.set_defaults(run=_download)

    about = "make pickled weights (pytorch_model.bin, read as tensors alone) or a GGUF file into safetensors"
    one = commands.add_parser("convert", help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False)
    one.add_argument("folder", metavar="FOLDER", help="with config.json and the weights, a file, or an id in the cache")
    _add_engine(one, "convert what lies on another machine, there: ssh://HOST, or ssh://USER@HOST:FOLDER")
    one.set_defaults(run=_convert)

    about = "delete a checkpoint from the hub's cache"
    one = commands.add_parser("delete", help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False)
    one.add_argument("address", metavar="ID", help="an id, or ID@VERSION for one version alone")
    _add_engine(one, "delete it from the cache of another machine: ssh://HOST, or ssh://USER@HOST:FOLDER")
    one.add_argument("--yes", action="store_true", help="without a question")
    one.set_defaults(run=_delete)


def _add_engine(one: Any, about: str) -> None:
    from app.commands.option_types import machine_of

    one.add_argument("--engine", type=machine_of, default="", metavar="ADDRESS", help=about)


def is_elsewhere(place: str) -> bool:
    """Whether something is neither bundled, nor a path on this machine, nor an id in the hub's cache."""
    from inference.files.hub_layout import folder_of_version, own_cache

    if place in bundled_checkpoints() or _is_path(place):
        return False
    repo, _, revision = place.partition("@")
    looks_so = "://" in place or (not place.startswith((".", "/", "~")) and place.count("/") == 1)
    return looks_so and folder_of_version(own_cache(), repo, revision or "main") is None


def _is_path(name: str) -> bool:
    """Whether there is a file or folder of that name; not where no file can have it, or a user that does not exist."""
    try:
        return checkpoint_path(name).exists()
    except (OSError, RuntimeError, ValueError):
        return False


def place_of(name: str) -> str:
    """The folder of an id in the hub's cache; anything else as it is."""
    from inference.files.hub_layout import folder_of_version, own_cache

    if name in bundled_checkpoints() or _is_path(name):
        return name
    repo, _, revision = name.partition("@")
    return str(folder_of_version(own_cache(), repo, revision or "main") or name)


def inspect(address: str, *, as_json: bool, n_tokens: int) -> str:
    """What the hub says of a repository, and which views it will have."""
    found = _repo(address)
    if as_json:
        return json.dumps(asdict(found), indent=2)
    return repo_text(found, n_tokens)


def repo_text(found: RepoResult, n_tokens: int) -> str:
    """Facts, the views it will have and why others are off, as aligned text."""
    from app.commands.inspect_text import aligned, inspect_text

    facts = aligned(dict(repo_facts(found)))
    if found.info is None:
        files = [f"  {name}  {n_bytes / _MB:,.1f} MB" for name, n_bytes in found.choices]
        return "\n".join((found.repo, *facts, "", found.why_not, *files))
    return "\n".join((found.repo, *facts, "", *inspect_text(found.info, n_tokens).splitlines()[2:]))


def repo_facts(found: RepoResult) -> list[tuple[str, str]]:
    """What the hub says of a repository: titles and texts."""
    there = f", {found.n_there / _MB:,.1f} MB of it on this machine" if found.n_there else ""
    gated = "yes: its owners ask for an agreement first" if found.gated else "no"
    return [
        ("Version", f"{found.revision} ({found.commit[:8]})"),
        ("Kind", found.kind or "not said"),
        ("Size", f"{found.n_bytes / _MB:,.1f} MB in {len(found.files)} {noun(len(found.files), 'files')}{there}"),
        ("Free on the disk", f"{found.n_free / _MB:,.0f} MB"),
        ("Licence", found.licence or "not said"),
        ("Languages", found.languages or "not said"),
        ("Training data", found.data or "not said"),
        ("Gated", gated),
    ]


def _repo(address: str, machine: str = "") -> RepoResult:
    from inference.results.hub import RepoRequest, RepoResult

    found = _ask(RepoRequest(address), machine=machine)
    assert isinstance(found, RepoResult)
    return found


def _list(args: Namespace) -> str:
    from inference.results.hub import CachedRequest, CachedResult

    found = _ask(CachedRequest(), machine=args.engine)
    assert isinstance(found, CachedResult)
    if args.json:
        return json.dumps({"bundled": bundled_checkpoints(), **asdict(found)}, indent=2)
    return _listed(found, args.engine)


def _listed(found: CachedResult, machine: str) -> str:
    lines = ["Bundled", *(f"  {name}" for name in bundled_checkpoints()), ""]
    lines.append(f"In the hub's cache ({told_place(found.place, machine)})")
    rows = [
        (
            f"{one.repo}@{one.version}" if one.version != "main" else one.repo,
            f"{one.n_bytes / _MB:,.1f} MB",
            one.kind or "?",
            one.why_not,
        )
        for one in found.revisions
    ]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    for name, size, kind, why_not in rows:
        lines.append(f"  {name:<{widths[0]}}  {size:>{widths[1]}}  {kind:<{widths[2]}}  {why_not}".rstrip())
    if not rows:
        lines.append("  nothing yet; headlight download ID fetches a checkpoint")
    if found.n_unfinished:
        lines.append(f"  {found.n_unfinished / _MB:,.1f} MB of downloads that were stopped and can go on")
    return "\n".join((*lines, *found.notes))


def _download(args: Namespace) -> str:
    from inference.results.hub import DownloadRequest, DownloadResult

    found = _repo(args.address, args.engine)
    takes_pickles = args.convert and found.can_convert
    if found.why_not and not takes_pickles:
        more = " --convert makes them so." if found.can_convert else ""
        files = f" Its files: {', '.join(name for name, _ in found.choices)}." if found.choices else ""
        raise Fault(f"{found.why_not}{more}{files}")
    print(
        f"headlight: {found.repo}, {_n_bytes(found, args.file) / _MB:,.1f} MB, licence {found.licence or 'not said'}",
        file=sys.stderr,
    )
    request = DownloadRequest(found.repo, found.commit, found.revision, takes_pickles, args.file)
    done = _ask_with_bar(request, args.engine)
    assert isinstance(done, DownloadResult)
    folder = _converted(done.to_convert, args.engine) if done.to_convert else done.folder
    return f"{done.repo} is in {told_place(folder, args.engine)}: {done.n_bytes / _MB:,.1f} MB came."


def _n_bytes(found: RepoResult, file: str) -> int:
    """That would be fetched with a file of weights of its choice."""
    sizes = dict(found.choices)
    usual = next((name for name in found.files if name in sizes), "")
    return found.n_bytes - sizes.get(usual, 0) + sizes.get(file, sizes.get(usual, 0))


def _convert(args: Namespace) -> str:
    if args.engine:
        there = _place_there(args.folder, args.engine)
        return f"The converted checkpoint is in {told_place(_converted(there, args.engine), args.engine)}."
    place = place_of(args.folder)
    if not args.folder.strip() or not _is_path(place):
        raise Fault(f"{args.folder[:200]!r} is neither a folder nor a file, nor an id in the hub's cache.")
    folder = str(checkpoint_path(place).absolute())
    return f"The converted checkpoint is in {_converted(folder)}."


def _place_there(name: str, machine: str) -> str:
    """The folder of an id in the cache of another machine; anything else is a path there."""
    from inference.results.hub import CachedRequest, CachedResult

    if not name.strip():
        raise Fault("Name a folder, a file, or an id in the hub's cache.")
    found = _ask(CachedRequest(), machine=machine)
    assert isinstance(found, CachedResult)
    repo, _, version = name.partition("@")
    folders = (one.folder for one in found.revisions if one.repo == repo and (not version or version in one.refs))
    return next(folders, "") or place_elsewhere(name, machine)


def _converted(folder: str, machine: str = "") -> str:
    from app.hub.hub import CONVERTED
    from inference.results.conversion import ConvertRequest, ConvertResult

    done = _ask_with_bar(ConvertRequest(folder, _kept(CONVERTED, machine)), machine)
    assert isinstance(done, ConvertResult)
    return done.folder


def _kept(name: str, machine: str) -> str:
    """The folder in which a window keeps what it makes."""
    if machine:
        from app.link.remote.elsewhere import KEPT

        return place_elsewhere(f"{KEPT}/{name}", machine)
    from PySide6.QtCore import QCoreApplication

    from app.window.settings import settings_file

    QCoreApplication.setApplicationName("Headlight")  # which the folder of the settings is named after
    QCoreApplication.setOrganizationName("Headlight")
    return str(settings_file().with_name(name))


def _delete(args: Namespace) -> str:
    from inference.results.hub import CachedRequest, CachedResult, DeleteCachedRequest, DeleteCachedResult

    repo, _, version = args.address.partition("@")
    found = _ask(CachedRequest(), machine=args.engine)
    assert isinstance(found, CachedResult)
    sizes = [
        one.n_bytes
        for one in found.revisions
        if one.repo == repo and (not version or version in one.refs or one.commit.startswith(version))
    ]
    # Where nothing can be meant, the answer is that it is not there.
    if not args.yes and (sizes or found.n_unfinished or found.notes):
        if not sys.stdin.isatty():
            raise Fault(f"{args.address} is deleted only with --yes, as nobody can be asked here.")
        place = told_place(found.place, args.engine)
        sys.stderr.write(f"Delete {args.address} ({sum(sizes) / _MB:,.1f} MB) from {place}? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return f"{args.address} is kept."
    done = _ask(DeleteCachedRequest(repo, version), machine=args.engine)
    assert isinstance(done, DeleteCachedResult)
    return f"{done.repo} is deleted: {done.n_versions} of its versions, {done.n_bytes / _MB:,.1f} MB are free now."


def _ask_with_bar(request: Any, machine: str) -> object:
    from app.commands.progress_bar import ProgressBar
    from inference.results.events import Progress

    bar = ProgressBar()
    try:
        return _ask(request, lambda event: bar.show(event) if isinstance(event, Progress) else None, machine)
    finally:
        bar.end()


def _ask(request: Any, report: Any = lambda _: None, machine: str = "") -> object:
    if machine:
        return answer_elsewhere(request, machine, report)
    from inference.context import Context
    from inference.results.events import Failure
    from inference.service.engine import Engine, answer

    result = answer(Engine(), request, Context(report))
    if isinstance(result, Failure):
        raise Fault(result.message)
    return result
