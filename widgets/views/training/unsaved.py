"""Runs of which nothing is on the disk yet, as a session keeps them: they waited, or had just been begun."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from inference.results.training import TrainingRequest
from widgets.views.training.options import RunOptions
from widgets.views.training.words import is_folder_name

_MOST = 40  # that a session keeps


def unsaved_state(requests: Iterable[TrainingRequest]) -> list[dict[str, Any]]:
    """What was asked for, as plain values."""
    return [
        {
            "name": request.name,
            "comparison": request.comparison,
            "path": request.data.path,
            "base": request.base,
            "options": RunOptions.of_request(request).to_json(),
        }
        for request in requests
    ][:_MOST]


def unsaved_requests(stored: object, home: str) -> list[TrainingRequest]:
    """The same from what a session kept; what cannot be read, or is not allowed any more, is left out.

    Parameters
    ----------
    home
        The folder that runs live in.
    """
    found = []
    for kept in stored[:_MOST] if isinstance(stored, list) else ():
        if not isinstance(kept, dict):
            continue
        texts = [kept.get(name) for name in ("name", "comparison", "path", "base")]
        options, unknown = RunOptions.from_json(kept.get("options"))
        if unknown or not all(isinstance(text, str) for text in texts):
            continue
        name, comparison, path, base = map(str, texts)
        if not is_folder_name(name):
            continue
        request = options.request(os.path.join(home, name), path, base)
        found.append(replace(request, comparison=comparison))
    return found
