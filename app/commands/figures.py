"""The figures that the command line can make: their options, what they ask the engine, and how they are drawn.

Each is declared beside its view, in `widgets.views.<name>.command`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from widgets.figure_command import BadOption as BadOption
from widgets.figure_command import FigureCommand, Requests
from widgets.registry import VIEWS

FIGURES: dict[str, FigureCommand] = {
    name: import_module(f"widgets.views.{entry.name}.command").COMMANDS[name]
    for entry in VIEWS
    for name in entry.figures
}


def answer_all(requests: Requests, ask: Callable[[object], object]) -> object:
    """Ask one after the other, and return what comes of it."""
    result: object = None
    while True:
        try:
            request = requests.send(result)
        except StopIteration as end:
            return end.value
        result = ask(request)
