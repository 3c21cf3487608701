"""The views in the order of their tabs. Each declares itself in its package; naming one imports no more than that."""

from __future__ import annotations

from importlib import import_module

from widgets.view_entry import ViewEntry

ORDER = (
    "heads",
    "attention",
    "arcs",
    "measures",
    "similarity",
    "rollout",
    "scaled_dot",
    "sparse",
    "positions",
    "translation",
    "training_stages",
    "generation",
    "lens",
    "attribution",
    "reading",
    "few_shot",
    "ngrams",
    "masked",
    "next_sentence",
    "prediction",
    "masked_image",
    "complete_image",
    "masked_pixels",
    "patches",
    "mesh",
    "classes",
)
VIEWS: tuple[ViewEntry, ...] = tuple(import_module(f"widgets.views.{name}").ENTRY for name in ORDER)
