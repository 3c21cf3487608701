"""Many figures in one go: a JSON file of what each of them would be on the command line."""

from __future__ import annotations

import json
import sys
import time
from argparse import Action, BooleanOptionalAction
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from app.commands.faults import Fault
from app.commands.text_files import TextFileError, read_text
from inference.results.counts import noun
from widgets.kit.clean import shown

KIND = "figure"  # key of what figure an entry is; the others are options
MOST = 10_000  # entries

ABOUT = "make the figures that a JSON file lists, with one engine: see docs/figures.md"

# By the name of a figure: its options by how they are written, such as `--layer`.
KnownOptions = Mapping[str, Mapping[str, Action]]


def make_all(file: Path, options: KnownOptions, make: Callable[[list[str]], str]) -> str:
    """Make the figures of a file, those of one checkpoint behind each other; a mistake in one does not stop the others.

    Parameters
    ----------
    make
        Makes one figure of its arguments, and says in a line what was written; raises `Fault`.

    Raises
    ------
    Fault
        The file cannot be read, or some figures were not made; those that are wrong were told one by one.
    """
    entries = _entries(file)
    started, n_made = time.monotonic(), 0
    outs: dict[str, int] = {}
    for number in _in_order(entries):
        entry = entries[number]
        try:
            arguments = _arguments(entry, options)
            out = str(entry.get("out", ""))
            if out and outs.setdefault(out, number) != number:
                raise Fault(f"{out} is written by entry {outs[out] + 1} already.")
            print(shown(make(arguments)), flush=True)
            n_made += 1
        except Fault as fault:
            said = f"{file.name}, entry {number + 1}{_which(entry)}: {fault}"
            print("headlight:", shown(" ".join(said.split())), file=sys.stderr)
    seconds = time.monotonic() - started
    n = len(entries)
    pace = f"{n_made} of {n} {noun(n, 'figures')} in {seconds:.1f} s, {n_made / max(seconds, 1e-3):.2g} a second"
    if n_made < n:
        raise Fault(f"{pace}; what is wrong with the others stands above.")
    return f"{pace}."


def _entries(file: Path) -> list[Any]:
    try:
        found = json.loads(read_text(file))
    except TextFileError as error:
        raise Fault(str(error)) from error
    except json.JSONDecodeError as error:
        raise Fault(f"{file.name} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from None
    except (RecursionError, ValueError):
        raise Fault(f"{file.name} is nested too deeply, or holds a number that is too long.") from None
    if not isinstance(found, list) or not found:
        raise Fault(f"{file.name} is to hold a list of figures in square brackets, each in braces.")
    if len(found) > MOST:
        raise Fault(f"{file.name} lists {len(found):,} figures; at most {MOST:,} are made in one go.")
    return found


def _in_order(entries: list[Any]) -> list[int]:
    """Numbers of the entries, so that each checkpoint is opened once."""
    seen: dict[str, int] = {}
    of = [seen.setdefault(json.dumps(_about(entry)), len(seen)) for entry in entries]
    return sorted(range(len(entries)), key=lambda number: (of[number], number))


def _about(entry: Any) -> list[Any]:
    return [entry.get("checkpoint"), entry.get("precision")] if isinstance(entry, dict) else []


def _arguments(entry: Any, options: KnownOptions) -> list[str]:
    if not isinstance(entry, dict):
        raise Fault("A figure is written in braces, with its options by name.")
    if KIND not in entry:
        raise Fault(f'It says no "{KIND}", such as "attention".')
    kind = entry[KIND]
    if not isinstance(kind, str) or kind not in options:
        raise Fault(f"{_short(kind)} is no figure; see headlight figure --help.")
    written = [kind]
    for name, value in entry.items():
        if name != KIND:
            written += _option(kind, name, value, options[kind])
    return written


def _option(kind: str, name: str, value: Any, known: Mapping[str, Action]) -> Iterator[str] | list[str]:
    flag = f"--{name}"
    action = known.get(flag)
    if action is None or name == "help":
        raise Fault(f"{kind} has no option {flag[:60]}; see headlight figure {kind} --help.")
    if isinstance(value, bool):
        if action.nargs != 0:
            raise Fault(f"{flag} is {json.dumps(value)}; it wants a value.")
        off = [f"--no-{name}"] if isinstance(action, BooleanOptionalAction) else []
        return [flag] if value else off
    if action.nargs == 0:
        raise Fault(f"{flag} is {_short(value)}; it can be true or false.")
    several = value if isinstance(value, list) else [value]
    if isinstance(value, list) and not _is_repeated(action):
        raise Fault(f"{flag} is a list; it is given once, numbers in one text with commas between.")
    for one in several:
        if isinstance(one, bool) or not isinstance(one, str | int | float):
            raise Fault(f"{flag} is {_short(one)}; it can be a text or a number.")
    return [f"{flag}={one}" for one in several]


def _is_repeated(action: Action) -> bool:
    return type(action).__name__ in ("_AppendAction", "_ExtendAction")


def _which(entry: Any) -> str:
    """What an entry is, as far as it says so."""
    kind, out = (entry.get(key) for key in (KIND, "out")) if isinstance(entry, dict) else (None, None)
    said = " to ".join(one[:80] for one in (kind, out) if isinstance(one, str))
    return f" ({said})" if said else ""


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
