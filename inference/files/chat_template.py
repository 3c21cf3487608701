"""A checkpoint's chat template: how a message of the user's becomes the text that the model was trained to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inference.context import Refused
from inference.files.json_file import read_inside, read_object
from inference.files.regular_files import is_there
from inference.files.template_sandbox import MOST_LETTERS, render

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedTokenizerBase

_FILE, _SETTINGS = "chat_template.jinja", "tokenizer_config.json"
_OLDER_FILE = "chat_template.json"  # of models that also read images
_MOST_BYTES = 2**20  # of a template
_MOST_SETTINGS = 64 * 2**20
_ANY_TEXT = "Antarctica"  # to see whether it comes through
# By which templates ask whether the model is to think aloud before it answers: Qwen3, GLM and SmolLM3; DeepSeek and
# Granite.
_THINKING = ("enable_thinking", "thinking")


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


def as_message(
    text: str,
    template: str,
    tokenizer: PreTrainedTokenizerBase,
    *,
    with_image: bool = False,
    system: str = "",
    thinks: bool | None = None,
) -> str:
    """All of the text that the model gets where `text` is the user's message, to the beginning of its answer.

    Made in transformers' sandbox, in which no template reaches files or code; and within bounds of time and memory.

    Parameters
    ----------
    with_image
        Whether an image stands in front of the text; the template writes a sign where it goes.
    system
        What the model is told before all messages; empty for nothing.
    thinks
        Whether it is to think aloud before it answers; None leaves that to the template.

    Raises
    ------
    Refused
        The template cannot be read, wants something else than a message, is not done in two seconds, or takes more
        than 256 MiB; it takes no system message, or has no switch for thinking, where one is given.
    """
    if thinks is not None and not has_thinking_switch(template, tokenizer):
        raise Refused("The chat template has no switch for thinking; leave it as the template has it.")
    if system and (why := why_no_system(template, tokenizer)):
        raise Refused(f"{why} Leave it out.")
    content: Any = [{"type": "image"}, {"type": "text", "text": text}] if with_image else text
    return _made(template, tokenizer, content, system, thinks)


def why_no_system(template: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """Why a template takes no system message, as a sentence; empty if it takes one."""
    try:
        found = _made(template, tokenizer, "x", _ANY_TEXT)
    except Refused as refused:
        try:
            _made(template, tokenizer, "x")
        except Refused:
            return str(refused)  # it is of no use at all
        said = str(refused).removeprefix("The chat template cannot be used: ")
        return f"The chat template takes no system message: {said}"
    return "" if _ANY_TEXT in found else "The chat template leaves a system message out."


def has_thinking_switch(template: str, tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether what a template makes depends on whether the model is to think aloud."""
    if not any(name in template for name in _THINKING):
        return False
    try:
        made = [_made(template, tokenizer, "x", thinks=thinks) for thinks in (True, False)]
    except Refused:
        return False
    return made[0] != made[1]


def _made(
    template: str, tokenizer: PreTrainedTokenizerBase, content: Any, system: str = "", thinks: bool | None = None
) -> str:
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": content})
    values: dict[str, Any] = {"tools": None, "documents": None} | dict(tokenizer.special_tokens_map)
    if thinks is not None:
        values |= dict.fromkeys(_THINKING, thinks)
    found = render(template, values | {"messages": messages, "add_generation_prompt": True})
    if not found:
        raise Refused("The chat template makes nothing of a message.")
    if len(found) > MOST_LETTERS:
        raise Refused(f"The chat template makes {len(found):,} letters of a message; {MOST_LETTERS:,} are read.")
    return found
