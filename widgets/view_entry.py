"""What the registry knows of a view without importing it; each view's package declares its own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from inference.results.request import Capability

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.context import ViewContext
    from widgets.view import View


@dataclass(frozen=True)
class ViewEntry:
    """A view, its tab, what a checkpoint must have for it, and what it is good for.

    Attributes
    ----------
    name
        Its folder in `widgets.views`, and what sessions know it by.
    cls
        Module and class, such as `widgets.views.rollout.view:RolloutView`.
    request
        Module and class of what it asks first, such as `rollout.RolloutRequest`: its needs are the view's. Empty for a
        view that also shows something without a checkpoint.
    about
        One sentence.
    about_model
        What the models read that it is about: `text`, `image`, `mesh`; empty for any.
    is_special
        Whether only some models of that kind have it, so that it has no tab with the others.
    figures
        Names of its figures on the command line, which `COMMANDS` of `widgets.views.<name>.command` holds.
    """

    name: str
    title: str
    cls: str
    request: str
    about: str
    figures: tuple[str, ...] = ()
    about_model: str = ""
    is_special: bool = False

    @property
    def needs(self) -> frozenset[Capability]:
        """What a checkpoint must have."""
        if not self.request:
            return frozenset()
        module, _, name = self.request.partition(".")
        return getattr(import_module(f"inference.results.{module}"), name).needs

    def is_about(self, checkpoint: CheckpointInfo) -> bool:
        """Whether such a model can be asked for what the view shows at all."""
        return self.about_model in ("", *checkpoint.reads)

    def why_missing(self, checkpoint: CheckpointInfo) -> str:
        """Half a sentence for what the checkpoint lacks; empty if the view can show it.

        What is about another kind of model is not imported: all that is asked of that kind is refused for one reason.
        """
        if self.is_about(checkpoint):
            return checkpoint.why_missing(self.needs)
        return checkpoint.why_missing(frozenset({next(one for one in Capability if one.reads == self.about_model)}))

    def create(self, context: ViewContext) -> View:
        """Import and build the view."""
        module, _, name = self.cls.partition(":")
        view: View = getattr(import_module(module), name)(context)
        view.setObjectName(self.name)
        return view
