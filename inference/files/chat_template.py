"""A checkpoint's chat template: how a message of the user's becomes the text that the model was trained to answer."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from inference.context import Refused
from inference.files.json_file import read_inside, read_object
from inference.files.reasons import first_line
from inference.files.regular_files import is_there

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from transformers import PreTrainedTokenizerBase

_FILE, _SETTINGS = "chat_template.jinja", "tokenizer_config.json"
_OLDER_FILE = "chat_template.json"  # of models that also read images
_MOST_BYTES = 2**20  # of a template
_MOST_SETTINGS = 64 * 2**20
_MOST_SECONDS = 2.0
_MOST_LETTERS = 2**20


class _TooLongError(Exception):
    """It was not done in time."""


def read_chat_template(folder: Path) -> str:
    """The template for messages without tools; empty where there is none, or where it cannot be read."""
    try:
        if is_there(folder / _FILE):
            return read_inside(folder / _FILE, _MOST_BYTES).decode("utf-8", "replace")
        if is_there(folder / _OLDER_FILE):
            said = read_object(folder / _OLDER_FILE, _MOST_BYTES).get("chat_template")
            if isinstance(said, str):
                return said
        has_settings = is_there(folder / _SETTINGS)
        said = read_object(folder / _SETTINGS, _MOST_SETTINGS).get("chat_template") if has_settings else ""
    except Refused:
        return ""
    if isinstance(said, list):  # several by name
        named = [each for each in said if isinstance(each, dict)]
        said = next((each.get("template") for each in named if each.get("name") == "default"), "")
    return said if isinstance(said, str) and len(said) <= _MOST_BYTES else ""


def as_message(text: str, template: str, tokenizer: PreTrainedTokenizerBase, *, with_image: bool = False) -> str:
    """All of the text that the model gets where `text` is the user's message, to the beginning of its answer.

    Made in transformers' sandbox, in which no template reaches files or code.

    Parameters
    ----------
    with_image
        Whether an image stands in front of the text; the template writes a sign where it goes.

    Raises
    ------
    Refused
        The template cannot be read, wants something else than a message, or is not done in two seconds.
    """
    from transformers.utils.chat_template_utils import render_jinja_template

    content: Any = [{"type": "image"}, {"type": "text", "text": text}] if with_image else text
    messages: Any = [[{"role": "user", "content": content}]]
    named: dict[str, Any] = dict(tokenizer.special_tokens_map)
    try:
        with _deadline(_MOST_SECONDS):
            made: Any = render_jinja_template(
                conversations=messages,
                chat_template=template,
                add_generation_prompt=True,
                **named,
            )
    except (KeyboardInterrupt, SystemExit):
        raise
    except _TooLongError:
        raise Refused(f"The chat template was not done in {_MOST_SECONDS:g} seconds; it may never be.") from None
    except BaseException as error:  # whatever a template of others runs into
        raise Refused(f"The chat template cannot be used: {first_line(error)}") from error
    found = made[0] if isinstance(made, tuple | list) else made
    found = found[0] if isinstance(found, list) else found
    if not isinstance(found, str) or not found:
        raise Refused("The chat template makes nothing of a message.")
    if len(found) > _MOST_LETTERS:
        raise Refused(f"The chat template makes {len(found):,} letters of a message; {_MOST_LETTERS:,} are read.")
    return found


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise `_TooLongError` in whatever Python runs when the time is over: nothing else ends a loop of a template."""
    end, before = time.monotonic() + seconds, sys.gettrace()

    def look(_frame: FrameType, _event: str, _arg: object) -> Any:
        if time.monotonic() > end:
            raise _TooLongError
        return look

    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)
