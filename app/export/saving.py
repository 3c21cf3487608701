"""Where files go: their names, whether one may be written there, and how. All exports decide it here.

A file appears whole or not at all: it is written beside its place, and moved there. What is there already is replaced
only where the user said so.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from widgets.kit.clean import clean

_MOST_LETTERS = 80  # of a name that is proposed


class ExportError(Exception):
    """A file could not be saved; the text is one sentence for the user."""


class FileIsThere(ExportError):
    """Nobody said that it may be replaced."""


# Names


def file_stem(*parts: str) -> str:
    """A name that says what a file holds, such as `bert-mini_attention_L1_H3`; fit for every system."""
    words = (re.sub(r"[^\w.+-]+", "-", clean(part)).strip("-.") for part in parts)
    return "_".join(filter(None, words))[:_MOST_LETTERS] or "figure"


def head_parts(caption: str) -> tuple[str, ...]:
    """`L1`, `H3` where a caption speaks of one layer and one head, counted from 0 as there."""
    found = (re.search(rf"\b{word} (\d+)\b", caption, re.IGNORECASE) for word in ("layer", "head"))
    return tuple(f"{letter}{one[1]}" for letter, one in zip("LH", found, strict=True) if one)


def free_place(folder: Path, stem: str, ending: str) -> Path:
    """A place of that name where nothing is yet: from the second on with a number."""
    place, number = folder / f"{stem}{ending}", 2
    while os.path.lexists(place):
        place, number = folder / f"{stem}-{number}{ending}", number + 1
    return place


# Places


def check_place(place: Path, *, may_replace: bool = True) -> None:
    """See whether a file can be written, before anything is computed.

    Raises
    ------
    ExportError
        The folder is missing or not ours to write in, or what is there is no file or is read-only; `FileIsThere` if
        it may not be replaced.
    """
    if "\0" in str(place):
        raise ExportError(f"{clean(str(place))} is not a name that a file can have.")
    try:
        if not place.parent.is_dir():
            raise ExportError(f"{place} could not be written: the folder {place.parent} does not exist.")
        _check_what_is_there(place, may_replace=may_replace)
        if not os.access(place.parent, os.W_OK):
            raise PermissionError(errno.EACCES, "")
    except OSError as error:
        raise ExportError(f"{place} could not be written: {why_not_written(error, place)}.") from error


def _check_what_is_there(place: Path, *, may_replace: bool) -> None:
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise ExportError(f"{place} could not be written: it is a folder.")
    if not stat.S_ISREG(mode):
        raise ExportError(f"{place} could not be written: it is a pipe or a device, not a file.")
    # The mode, as nothing is read-only to root.
    if not (mode & 0o222 and os.access(place, os.W_OK)):
        raise ExportError(f"{place} could not be written: it is read-only.")
    if not may_replace:
        raise FileIsThere(f"{place} exists and was left as it is.")


def replace_file(place: Path, content: bytes, *, may_replace: bool = True) -> None:
    """Put bytes where a file is or will be: whole, or not at all; the permissions of a file that was there stay.

    Raises
    ------
    OSError
        It cannot be written; `FileExistsError` where something came to be there that may not be replaced.
    """
    place = Path(os.path.realpath(place))  # a link stays a link
    temporary = place.parent / f".headlight-{secrets.token_hex(4)}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if may_replace:
            with suppress(FileNotFoundError):
                os.chmod(temporary, stat.S_IMODE(place.stat().st_mode))
            temporary.replace(place)
        else:
            _move_to_nothing(temporary, place)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _move_to_nothing(temporary: Path, place: Path) -> None:
    try:
        os.link(temporary, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(place):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(place)) from None
        temporary.replace(place)
    else:
        temporary.unlink()


def why_not_written(error: OSError, place: Path) -> str:
    """Half a sentence for the user."""
    if error.errno == errno.ENOENT:
        is_there = place.parent.is_dir()  # of the system's own folders some take no files
        return f"the folder {place.parent} {'takes no files' if is_there else 'does not exist'}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"writing in the folder {place.parent.absolute()} is not permitted"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    if error.errno == errno.ENAMETOOLONG:
        return "the name is too long"
    if error.errno == errno.EEXIST:
        return "there is such a file now"
    return (error.strerror or type(error).__name__).lower()
