"""Why foreign code failed on a foreign file, as the end of a sentence: without names of Python's classes."""

from __future__ import annotations

import re

# What Python says when code was not written for the value it got: true, and of no use to whoever has the file.
_ABOUT_CODE = (
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    NameError,
    ZeroDivisionError,
    OverflowError,
    AssertionError,
    RecursionError,
    NotImplementedError,
    StopIteration,
)
_SPEAKS_OF_CODE = re.compile(
    r"object has no|unsupported operand|invalid literal|to unpack|not subscriptable|not iterable|not callable|"
    r"positional arg|keyword arg|required arg|<class|could not convert|cannot convert|index out of range|has no len|"
    r"indices must|__\w+__|NoneType|\bnan to int|integer overflow|\bself\b|\bint too|math domain|hashable"
)
_GENERAL = "a value in it is missing or of the wrong kind."
_FIELD = re.compile(r"Field '(\w+)' expected (\w+), got \w+ \(value: (.*?)\)(?=$|; Field)", re.DOTALL)
_OF_VALIDATOR = re.compile(r"^Class validation error for validator '\w+':\s*")
_NAMED_FIELD = re.compile(r"Validation error for field '(\w+)'")
_CLASS_NAME = re.compile(r"^\w*(?:Error|Exception|Warning): ")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "NoneType": "null",
    "list": "a list",
    "tuple": "a list",
    "dict": "an object",
}
_MOST_LETTERS = 300


def first_line(error: BaseException) -> str:
    """The first line of what an error says, where that is about the file; else that a value is wrong."""
    text = _OF_VALIDATOR.sub("", str(error))
    if found := _FIELD.findall(text):
        kinds = dict.fromkeys(_WORDS.get(kind, "something else") for _, kind, _ in found)
        name, _, value = found[0]
        return f"{name} is {' '.join(value.split())[:80]}; {' or '.join(kinds)} is needed."
    if field := _NAMED_FIELD.search(text):
        return f"{field[1]} is of the wrong kind."
    if isinstance(error, _ABOUT_CODE) or _SPEAKS_OF_CODE.search(text):
        return _GENERAL
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return _GENERAL
    said = lines[0]
    if said.endswith(":") and len(lines) > 1:
        said += " " + lines[1]
    return _CLASS_NAME.sub("", said)[:_MOST_LETTERS].rstrip(".") + "."
