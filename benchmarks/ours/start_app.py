"""`python -m app`, until its window is on screen."""

from __future__ import annotations

import sys

from app import quick_start

quick_start.begin()  # as `app.__main__` does before it imports the window

import app.window.application  # noqa: E402
from app.__main__ import main  # noqa: E402
from app.window.main_window import MainWindow  # noqa: E402
from benchmarks.ours.first_paint import PaintWatcher, seconds_since_start  # noqa: E402

_make_window = app.window.application.make_window


def _make_and_watch(*given: str) -> MainWindow:
    window = _make_window(*given)
    window.painted.connect(lambda: order.append("painted"))
    PaintWatcher(window, lambda: _report(window))
    return window


def _report(window: MainWindow) -> None:
    seconds, n_modules = seconds_since_start(), len(sys.modules)
    import json

    from benchmarks.ours.window import n_colors, screenshot

    found = {"seconds": seconds, "n_modules": n_modules, "is_early": bool(order)}
    print(json.dumps(found | {"n_colors": n_colors(screenshot(window))}))
    window.close()


order: list[str] = []
app.window.application.make_window = _make_and_watch
sys.exit(main([]))
