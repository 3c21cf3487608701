"""Models that transformers does not ship: importing one makes its configuration known to transformers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from inference.registry import OWN_MODELS

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def import_own(model_type: str) -> None:
    """Let transformers know a model type, if it is one of ours."""
    if model_type in OWN_MODELS:
        import_module(OWN_MODELS[model_type].partition(":")[0])


def own_class(model_type: str, name: str) -> type[PreTrainedModel] | None:
    """The class of ours with that name, if there is one."""
    module, _, cls = OWN_MODELS.get(model_type, "").partition(":")
    return getattr(import_module(module), cls) if cls == name else None
