"""Texts out of files, or a sentence that says why not."""

from __future__ import annotations

from pathlib import Path

MOST_BYTES = 4 * 2**20
ENDINGS = {".txt", ".md", ".text", ".rst"}


class TextFileError(Exception):
    """A file could not be read as text; the message is one sentence for the user."""


def read_text(path: Path) -> str:
    """The text of a UTF-8 file of up to 4 MB.

    Raises
    ------
    TextFileError
        It is missing, no file, too large, empty, not UTF-8 or not text.
    """
    try:
        if path.is_dir():
            raise TextFileError(f"{path} is a folder, not a text file.")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise TextFileError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TextFileError(f"{path} could not be read: {why.lower()}.") from error
    if len(data) > MOST_BYTES:
        raise TextFileError(f"{path.name} is larger than {MOST_BYTES // 2**20} MB; longer texts are not read.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise TextFileError(
            f"{path.name} is no UTF-8 text: byte 0x{byte:02x} at position {error.start} begins no character."
        ) from None
    if "\0" in text:
        raise TextFileError(f"{path.name} is no text: it holds zero bytes, the first at position {text.index(chr(0))}.")
    if not text.strip():
        raise TextFileError(f"{path.name} holds no text.")
    return text.replace("\r\n", "\n")
