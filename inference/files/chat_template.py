"""A checkpoint's chat template: how a message of the user's becomes the text that the model was trained to answer."""

from __future__ import annotations

import operator
import re
import sys
import time
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from types import BuiltinMethodType
from typing import TYPE_CHECKING, Any

from inference.context import Refused
from inference.files.json_file import read_inside, read_object
from inference.files.reasons import first_line
from inference.files.regular_files import is_there

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from transformers import PreTrainedTokenizerBase

_FILE, _SETTINGS = "chat_template.jinja", "tokenizer_config.json"
_OLDER_FILE = "chat_template.json"  # of models that also read images
_MOST_BYTES = 2**20  # of a template
_MOST_SETTINGS = 64 * 2**20
_MOST_SECONDS = 2.0
_MOST_LETTERS = 2**20
_MOST_MEMORY = 2**28  # bytes beside what the process has
_MOST_BITS = 4_096  # of a number
_MOST_COMPARED = 2**28  # letters with letters
# Methods of texts that may look at each letter of the one for each of the other.
_LETTER_BY_LETTER = frozenset({"rfind", "rindex", "rsplit", "rpartition", "strip", "lstrip", "rstrip"})


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

    Made in transformers' sandbox, in which no template reaches files or code; and within bounds of time and memory.

    Parameters
    ----------
    with_image
        Whether an image stands in front of the text; the template writes a sign where it goes.

    Raises
    ------
    Refused
        The template cannot be read, wants something else than a message, is not done in two seconds, or takes more
        than 256 MiB.
    """
    content: Any = [{"type": "image"}, {"type": "text", "text": text}] if with_image else text
    messages: Any = [{"role": "user", "content": content}]
    named: dict[str, Any] = {"tools": None, "documents": None} | dict(tokenizer.special_tokens_map)
    environment = _sandbox()
    try:
        with _deadline(_MOST_SECONDS), _bounded_memory(_MOST_MEMORY):
            found = environment.from_string(template).render(messages=messages, add_generation_prompt=True, **named)
    except (KeyboardInterrupt, SystemExit, Refused):
        raise
    except _TooLongError:
        raise Refused(f"The chat template was not done in {_MOST_SECONDS:g} seconds; it may never be.") from None
    except MemoryError:
        raise Refused(f"The chat template takes more than {_MOST_MEMORY // 2**20} MiB of memory.") from None
    except BaseException as error:  # whatever a template of others runs into
        raise Refused(f"The chat template cannot be used: {first_line(error)}") from error
    if not found:
        raise Refused("The chat template makes nothing of a message.")
    if len(found) > _MOST_LETTERS:
        raise Refused(f"The chat template makes {len(found):,} letters of a message; {_MOST_LETTERS:,} are read.")
    return found


@cache
def _sandbox() -> Any:
    """transformers' environment for templates, in which no single step can take long.

    A step of a template that multiplies, searches, or puts into a format, is one of Python's own: no deadline ends it.
    """
    from transformers.utils.chat_template_utils import _compile_jinja_template

    found: Any = _compile_jinja_template("").environment.overlay()
    bounded = {"*": _product, "**": _power, "%": _formatted, "//": _quotient}
    found.intercepted_binops = frozenset(bounded)  # nor are they worked out while the template is read
    found.binop_table = found.binop_table | bounded
    found.filters = found.filters | {"round": _rounded, "int": _cheap(found.filters["int"])}
    found.filters |= {"trim": _cheap(found.filters["trim"])}
    found.tests = found.tests | {"divisibleby": _cheap(found.tests["divisibleby"])}
    call = found.call

    def called(context: Any, what: Any, *args: Any, **named: Any) -> Any:
        if not isinstance(what, BuiltinMethodType):
            return call(context, what, *args, **named)
        of_texts = what.__name__ in _LETTER_BY_LETTER
        return _cheap(partial(call, context), of_texts=of_texts, given=(what.__self__,))(what, *args, **named)

    found.call = called
    return found


def _cheap(function: Callable[..., Any], *, of_texts: bool = True, given: tuple[Any, ...] = ()) -> Callable[..., Any]:
    """What is done with numbers and with texts, `given` among them, of which it takes no longer than the deadline."""

    def found(*args: Any, **named: Any) -> Any:
        things = (*given, *args, *named.values())
        lengths = sorted(len(each) for each in things if isinstance(each, (str, bytes)))
        if of_texts and len(lengths) > 1 and lengths[-1] * lengths[-2] > _MOST_COMPARED:
            raise Refused("The chat template looks for a text that is too long.")
        _within(max((each.bit_length() for each in things if isinstance(each, int)), default=0))
        made = function(*args, **named)
        _within(made.bit_length() if isinstance(made, int) else 0)
        return made

    return found


def _within(bits: float, letters: float = 0) -> None:
    if bits > _MOST_BITS or letters > _MOST_LETTERS:
        raise Refused("The chat template makes a number or a text that is too large.")


def _product(left: Any, right: Any) -> Any:
    for one, times in ((left, right), (right, left)):
        if isinstance(times, int):
            if isinstance(one, int):
                _within(one.bit_length() + times.bit_length())
            elif hasattr(one, "__len__"):
                _within(0, len(one) * max(times, 0))
    return operator.mul(left, right)


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _within(left.bit_length() * right)
    return operator.pow(left, right)


def _quotient(left: Any, right: Any) -> Any:
    return _cheap(operator.floordiv)(left, right)


def _rounded(value: Any, precision: int = 0, method: Any = "common") -> Any:
    """The filter, which raises ten to the power of the precision."""
    from jinja2.filters import do_round

    _within(abs(precision) * 4)
    return do_round(value, precision, method)


def _formatted(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        given = right if isinstance(right, tuple) else (right,)
        widths = [int(digits[:20]) for digits in re.findall(r"\d+", left)]
        widths += [abs(each) for each in given if isinstance(each, int) and "*" in left]
        _within(0, max(widths, default=0))
    return _cheap(operator.mod, of_texts=False)(left, right)


@contextmanager
def _bounded_memory(n_bytes: int) -> Iterator[None]:
    """Raise `MemoryError` where the process would take so much more than it has, on systems that can be told so."""
    try:
        import resource

        n_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):
        yield
        return
    before, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = n_pages * resource.getpagesize() + n_bytes
    is_bounded = before != resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_AS, (min(wanted, before) if is_bounded else wanted, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise `_TooLongError` in whatever Python runs when the time is over: nothing else ends a loop of a template."""
    end, before = time.monotonic() + seconds, sys.gettrace()

    def look(frame: FrameType, _event: str, _arg: object) -> Any:
        if time.monotonic() > end:
            raise _TooLongError
        return None if frame.f_globals is globals() else look  # what stands here takes no time

    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)
