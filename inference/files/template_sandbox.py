"""The sandbox in which a chat template of others runs: two seconds of a processor, 256 MiB, and steps that are short.

A deadline ends what Python does line by line, yet not a single step of Python's own: to compare, print or hash a list
that holds itself twice, thirty times over, takes hours. So the values are bounded, not the steps: everything that a
template makes is weighed as it is made, with all that it holds as often as it holds it, and none may weigh more than
a million. What takes longer than the weight of what it is given (a product, a search from the right, a sum of lists,
keys that are told apart one by one) is bounded by itself. Nor may things be held one in the other without end: Python
hashes them, and lets them go, on a stack of its own.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import ItemsView, KeysView, ValuesView
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from types import BuiltinMethodType, MethodType
from typing import TYPE_CHECKING, Any

from inference.context import Refused
from inference.files.reasons import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

_MOST_SECONDS = 2.0
_MOST_MEMORY = 2**28  # bytes beside what the process has, where a system can be told so
MOST_LETTERS = 2**20  # of what a template makes
_MOST_WEIGHT = 2**20  # of one value: letters, and things in lists
_MOST_MADE = 2**26  # letters and places in lists, of all values together
_MOST_DEEP = 500  # one in the other: lists, and filters that wait for others
_MOST_BITS = 4_096  # of a number
_MOST_KEYS = 4_096  # that may all have one hash
_MOST_COMPARED = 2**28  # letters with letters
_MOST_SEARCHED = 4_096  # letters, where patterns are looked for
# Methods of texts that may look at each letter of the one for each of the other.
_LETTER_BY_LETTER = frozenset({"rfind", "rindex", "rsplit", "rpartition", "strip", "lstrip", "rstrip", "trim"})
# What puts as many letters before or behind each line, tab or thing as it is told.
_FILLS = frozenset(
    {"center", "ljust", "rjust", "zfill", "expandtabs", "indent", "tojson", "batch", "slice", "to_bytes"}
)
_LOOKS_UP = frozenset({"dict", "TemplateDict", "fromkeys"})  # which is what transformers calls its own
_LOOKS_FOR_PATTERNS = frozenset({"urlize", "striptags", "wordwrap", "xmlattr", "pprint", "strftime_now"})
_WIDTH = re.compile(r"[-+ #0]*(\d*)(?:\.(\d+))?")  # and number of decimals, behind a sign of a format
_WIDTH_GIVEN = re.compile(r"\{[^{}]*:[^{}]*\{")
_DIGITS = re.compile(r"\d+")
_FORMAT = "| format"  # the filter, which is not the method of that name
# Filters that no template can name.
_WEIGHED, _JOINED, _IN_TIME = "all that it holds", "one behind the other", "before the end"


class _Clock:
    """Of what a template takes itself, which is no more where many others run beside it; by the wall it is read
    quickly, and ahead of that."""

    def __init__(self, seconds: float) -> None:
        self._by_wall, self._own = time.monotonic() + seconds, time.thread_time() + seconds

    def is_over(self) -> bool:
        """Whether it has taken all of its time."""
        return time.monotonic() > self._by_wall and time.thread_time() > self._own


class _TooLongError(BaseException):
    """It was not done in time; what looks for errors does not find it."""


def render(template: str, values: Mapping[str, Any]) -> str:
    """What a template makes of these values; no template reaches files or code.

    Raises
    ------
    Refused
        It cannot be read, refuses what it is given, is not done in two seconds, or takes more than 256 MiB.
    """
    from transformers.utils.chat_template_utils import _compile_jinja_template

    transformers_own = _compile_jinja_template("").environment
    clock = _Clock(_MOST_SECONDS)
    try:
        with _deadline(clock), _bounded_memory(_MOST_MEMORY):
            return _template(template, transformers_own.overlay(), clock).render(**values)
    except (KeyboardInterrupt, SystemExit, Refused):
        raise
    except _TooLongError:
        raise Refused(f"The chat template was not done in {_MOST_SECONDS:g} seconds; it may never be.") from None
    except MemoryError:
        raise Refused(f"The chat template takes more than {_MOST_MEMORY // 2**20} MiB of memory.") from None
    except BaseException as error:  # whatever a template of others runs into
        raise Refused(f"The chat template cannot be used: {first_line(error)}") from error


def _template(template: str, found: Any, clock: _Clock) -> Any:
    """The template in an environment, in which all that is made is weighed from now on."""
    scales = _Scales(clock)
    found.intercepted_binops = frozenset(found.binop_table)  # nor are they worked out while the template is read
    found.binop_table = {sign: scales.watched(what, sign) for sign, what in found.binop_table.items()}
    filters = {_FORMAT if name == "format" else name: what for name, what in found.filters.items()}
    found.filters = {name.lstrip("| "): scales.watched(what, name) for name, what in filters.items()}
    found.filters |= {_WEIGHED: scales.weighed, _JOINED: scales.joined, _IN_TIME: scales.in_time}
    found.tests = {name: scales.watched(what, name) for name, what in found.tests.items()}
    found.finalize = scales.weighed
    call = found.call

    def called(context: Any, what: Any, *args: Any, **named: Any) -> Any:
        inner = getattr(what, "__wrapped__", what)  # of `format`, which Jinja has wrapped
        own = (inner.__self__,) if isinstance(inner, (BuiltinMethodType, MethodType)) else ()
        name = str(getattr(what, "__name__", type(what).__name__))
        return scales.watched(partial(call, context, what), name, own)(*args, **named)

    found.call = called
    return found.from_string(_with_scales(found.parse(template)))


def _with_scales(tree: Any) -> Any:
    """The template's tree, in which what is put together without a call is weighed, too."""
    from jinja2 import nodes
    from jinja2.visitor import NodeTransformer

    def weighed(node: Any, by: str = _WEIGHED) -> Any:
        lineno = 1 if node is None else node.lineno
        return nodes.Filter(node, by, [], [], None, None, lineno=lineno)

    class Weighing(NodeTransformer):
        """Puts scales behind lists, pairs, and texts that are put together; and a clock before loops."""

        def generic_visit(self, node: Any, *args: Any, **named: Any) -> Any:
            made = super().generic_visit(node, *args, **named)
            if isinstance(made, nodes.Concat):
                return weighed(weighed(nodes.List(made.nodes, lineno=made.lineno)), _JOINED)
            if isinstance(made, nodes.AssignBlock):
                made.filter = weighed(made.filter)
            if isinstance(made, nodes.For):
                made.iter = weighed(made.iter, _IN_TIME)
            is_made = isinstance(made, (nodes.List, nodes.Dict)) or (
                isinstance(made, nodes.Tuple) and made.ctx == "load"
            )
            return weighed(made) if is_made else made

    made = Weighing().visit(tree)
    made.set_environment(tree.environment)
    return made


class _Scales:
    """What a template has made so far."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self._made = 0
        # Lists and the like, which none can change; how heavy they are, and how many are held one in the other.
        self._known: dict[int, tuple[object, int, int]] = {}

    def in_time(self, value: Any) -> Any:
        """The value, if there is time left: Python calls off the watch that had no room for its own call."""
        if self._clock.is_over():
            raise _TooLongError
        return value

    def weighed(self, value: Any) -> Any:
        """The value, which is not too heavy and not one too many."""
        self.in_time(value)
        self._made += len(value) if isinstance(value, (str, bytes, list, tuple, dict)) else 1
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise _too_large()
        if self._weight(value) > _MOST_WEIGHT or self._made > _MOST_MADE:
            raise _too_large()
        return value

    def joined(self, values: list[Any]) -> str:
        """The texts of values that are weighed, one behind the other."""
        return self.weighed("".join(map(str, values)))

    def _weight(self, value: object) -> int:
        """Letters and things that a value holds, each counted as often as it is held."""
        if isinstance(value, (str, bytes)):
            return 1 + len(value)
        if isinstance(value, int):
            return 1 + value.bit_length() // 3  # digits
        if not isinstance(value, (list, tuple, dict, KeysView, ValuesView, ItemsView)):
            return 1
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        held = (each for pair in value.items() for each in pair) if isinstance(value, dict) else value
        things = [*held]
        found = 1 + sum(map(self._weight, things))
        self._known[id(value)] = value, found, self._one_deeper(things)
        return found

    def _one_deeper(self, things: Sequence[object]) -> int:
        """How many are held one in the other in what holds these things."""
        depth = 1 + max((self._known[id(each)][2] for each in things if id(each) in self._known), default=0)
        if depth > _MOST_DEEP:
            raise Refused("The chat template puts too many things one into the other.")
        return depth

    def watched(self, function: Callable[..., Any], name: str, own: tuple[Any, ...] = ()) -> Callable[..., Any]:
        """A function that is given and gives what is weighed, in a short step; `own`: what it is a method of."""
        from jinja2 import Environment
        from jinja2.nodes import EvalContext
        from jinja2.runtime import Context

        @wraps(function)
        def found(*args: Any, **named: Any) -> Any:
            if name == "join" or name in _LOOKS_UP:
                args = tuple([*each] if hasattr(each, "__next__") else each for each in args)
            given = [*own, *args, *named.values()]
            if given and isinstance(given[0], (Environment, EvalContext, Context)):
                del given[0]
            if sum(map(self._weight, given)) > 2 * _MOST_WEIGHT:
                raise _too_large()
            if any(isinstance(each, int) and each.bit_length() > _MOST_BITS for each in given):
                raise _too_large()
            self._check_step(name, given)
            made = self.weighed(function(*args, **named))
            if hasattr(made, "__next__"):  # it waits for what it was given
                self._known[id(made)] = made, 1, self._one_deeper(given)
            return made

        return found

    def _check_step(self, name: str, given: list[Any]) -> None:
        """Refuse what takes longer, or makes more, than the weight of what is given."""
        lengths = sorted(len(each) for each in given if isinstance(each, (str, bytes)))
        if name in _LETTER_BY_LETTER and len(lengths) > 1 and lengths[-1] * lengths[-2] > _MOST_COMPARED:
            raise Refused("The chat template looks for a text that is too long.")
        if name in _LOOKS_FOR_PATTERNS and sum(map(self._weight, given)) > _MOST_SEARCHED:
            raise Refused("The chat template looks for patterns in a text that is too long.")
        if name == "sum" and any(isinstance(each, (list, tuple)) for each in given[1:]):
            raise Refused("The chat template adds up lists.")
        if name in _LOOKS_UP and any(self._n_things(each) > _MOST_KEYS for each in given):
            raise Refused("The chat template looks things up by too many keys.")
        if self._made_by(name, given) > _MOST_WEIGHT:
            raise _too_large()

    def _made_by(self, name: str, given: list[Any]) -> int:
        """Letters or things, or more, that a step adds to what it is given."""
        if len(given) < 2:
            return 0
        first, second, *_ = given
        heaviest = max(map(self._weight, given[1:]))
        whole = max((abs(each) for each in given[1:] if isinstance(each, int)), default=0)
        if name == "*":
            return max(_times(first, second), _times(second, first))
        if name == "**":
            is_whole = isinstance(first, int) and isinstance(second, int)
            return _MOST_WEIGHT // _MOST_BITS * first.bit_length() * second if is_whole else 0
        if name == "round":
            return _MOST_WEIGHT // _MOST_BITS * 4 * whole  # ten to the power of so many places
        if name == "replace" and len(given) > 2:
            whole_text, old, new = (each if isinstance(each, bytes) else str(each) for each in given[:3])
            return (whole_text.count(old) + 1) * len(new)  # type: ignore[arg-type] (letters in letters, or it fails)
        if name == "join":
            return max(map(_length, given)) * max(self._n_things(each) for each in given)
        if name == "translate":
            return _length(first) * heaviest
        if name == "%" and isinstance(first, (str, bytes)):
            things = second if isinstance(second, tuple) else (second,)
            return _most_formatted(_text(first), [self._weight(each) for each in things], things)
        if name in {"format", "format_map"} and _WIDTH_GIVEN.search(_text(first)):  # it may stand in what is given
            raise Refused("The chat template has a width in a format that is itself a value.")
        if name in {"format", "format_map", _FORMAT}:
            return _most_formatted(str(first), [self._weight(each) for each in given[1:]], given[1:])
        if name in _FILLS:
            if name == "tojson":  # between its things may stand what is in a pair
                return self._weight(first) * max(whole, *map(self._weight, given[1:]))
            places = 1 + _text(first).count("\n") + _text(first).count("\t") if _length(first) else 1
            return places * max(whole, *map(_length, given[1:]))
        return 0

    def _n_things(self, value: object) -> int:
        return len(value) if isinstance(value, (list, tuple, dict, KeysView, ValuesView, ItemsView)) else 0


def _too_large() -> Refused:
    return Refused("The chat template makes a number, a text or a list that is too large.")


def _length(value: object) -> int:
    return len(value) if isinstance(value, (str, bytes)) else 0


def _text(given: str | bytes) -> str:
    return given if isinstance(given, str) else given.decode("latin-1")


def _times(one: object, times: object) -> int:
    """Letters or things of which `times` makes so many times as many."""
    is_many = isinstance(times, int) and isinstance(one, (str, bytes, list, tuple))
    return len(one) * max(times, 0) if is_many else 0  # type: ignore[arg-type] (both are what was asked)


def _most_formatted(text: str, weights: list[int], things: Sequence[object]) -> int:
    """Letters that are put into a text at its signs, or more: widths may stand in it, or among what is put there."""
    widths, is_given = [0], "*" in text
    for piece in text.split("%")[1:]:
        found = _WIDTH.match(piece.partition(")")[2] if piece.startswith("(") else piece)
        widths += [int(digits[:20]) for digits in (found.groups() if found else ()) if digits]
    for piece in text.split("{")[1:]:
        is_given = is_given or "}" not in piece
        widths += [int(digits[:20]) for digits in _DIGITS.findall(piece.partition("}")[0])]
    if is_given:
        widths += [abs(each) for each in things if isinstance(each, int)]
    return (text.count("%") + text.count("{")) * max(*widths, *weights, 0)


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
def _deadline(clock: _Clock) -> Iterator[None]:
    """Raise `_TooLongError` in whatever Python runs when the time is over: nothing else ends a loop of a template."""
    before = sys.gettrace()

    def look(frame: FrameType, _event: str, _arg: object) -> Any:
        if clock.is_over():
            raise _TooLongError
        return None if frame.f_globals is globals() else look  # what stands here takes no time

    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)
