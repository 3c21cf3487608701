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
    needs
        What a checkpoint must have: what the view's requests need. It stands here once more, for reading it
        there would import the requests of all features before the first picture. Empty if something is shown without.
    about
        One sentence.
    is_special
        Whether only some models of that kind have it, so that it has no tab with the others.
    reads_input
        Whether what it shows depends on the input, so that it is nothing where that is refused.
    changes_input
        Whether it gives all views another input once it is shown, such as the text that a model writes there. So it
        does not come to the front only because another view left.
    is_home
        Whether one sets out from it: what is opened there comes to the front instead.
    figures
        Names of its figures on the command line, which `COMMANDS` of `widgets.views.<name>.command` holds.
    """

    name: str
    title: str
    cls: str
    needs: frozenset[Capability]
    about: str
    figures: tuple[str, ...] = ()
    is_special: bool = False
    reads_input: bool = True
    changes_input: bool = False
    is_home: bool = False

    @property
    def about_model(self) -> str:
        """What the models read that it is about: `text`, `image`, `mesh`; empty for any."""
        return next((need.reads for need in self.needs if need.reads), "")

    def is_about(self, checkpoint: CheckpointInfo) -> bool:
        """Whether such a model can be asked for what the view shows at all."""
        return self.about_model in ("", *checkpoint.reads)

    def why_missing(self, checkpoint: CheckpointInfo) -> str:
        """Half a sentence for what the checkpoint lacks, which is called it; empty if the view can show it."""
        why, named = checkpoint.why_missing(self.needs), checkpoint.architecture
        # A class of transformers says little where the checkpoint is named before.
        return f"it{why.removeprefix(named)}" if named and why.startswith(f"{named} ") else why

    def create(self, context: ViewContext) -> View:
        """Import and build the view."""
        module, _, name = self.cls.partition(":")
        from widgets.kit.plain import explain_controls  # what the command line reads of this module needs no Qt

        view: View = getattr(import_module(module), name)(context)
        view.setObjectName(self.name)
        explain_controls(view)
        return view
