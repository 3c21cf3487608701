"""The views in the order of their tabs. Each declares itself in its package; naming one imports no more than that."""

from __future__ import annotations

from importlib import import_module

from widgets.view_entry import ViewEntry

ORDER = (
    "home",
    "heads",
    "attention",
    "arcs",
    "similarity",
    "relevance",
    "zero_shot",
    "caption",
    "answer",
    "joint",
    "masked_image",
    "complete_image",
    "masked_pixels",
    "patches",
    "clip",
    "visual_words",
    "order",
    "mesh",
    "classes",
    "segments",
    "scaled_dot",
    "positions",
    "translation",
    "training_stages",
    "generation",
    "masked",
    "next_sentence",
    "prediction",
    "fine_tuning",
    "lens",
    "reading",
    "attribution",
    "few_shot",
    "ngrams",
    "embedding",
    "tokenization",
    "pretrained",
    "training",
    "norms",
    "measures",
    "head_similarity",
    "rollout",
    "sparse",
    "approximation",
)
VIEWS: tuple[ViewEntry, ...] = tuple(import_module(f"widgets.views.{name}").ENTRY for name in ORDER)
