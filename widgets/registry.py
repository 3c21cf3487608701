"""The views, as text: naming them imports none. Tabs stand in this order."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from inference.results.request import Capability
from widgets.context import ViewContext
from widgets.view import View


class ViewEntry(NamedTuple):
    """A view, its tab, what a checkpoint must have for it, and what it is good for in a sentence."""

    name: str
    title: str
    cls: str
    needs: frozenset[Capability]
    about: str

    def create(self, context: ViewContext) -> View:
        """Import and build the view."""
        module, _, name = self.cls.partition(":")
        view: View = getattr(import_module(module), name)(context)
        view.setObjectName(self.name)
        return view


VIEWS: tuple[ViewEntry, ...] = (
    ViewEntry(
        "heads",
        "Heads",
        "widgets.views.heads.view:HeadsView",
        frozenset({Capability.ATTENTION}),
        "All layers and heads at a glance: click one to select it everywhere.",
    ),
    ViewEntry(
        "attention",
        "Attention",
        "widgets.views.attention.view:AttentionView",
        frozenset({Capability.ATTENTION}),
        "One head as a heat map: who looks at whom, with exact values.",
    ),
    ViewEntry(
        "arcs",
        "Arcs",
        "widgets.views.arcs.view:ArcsView",
        frozenset({Capability.ATTENTION}),
        "The two token columns joined by lines as strong as the attention.",
    ),
    ViewEntry(
        "measures",
        "Measures",
        "widgets.views.measures.view:MeasuresView",
        frozenset({Capability.ATTENTION}),
        "What every head does, in numbers: a table to sort, and two measures against each other.",
    ),
    ViewEntry(
        "rollout",
        "Rollout",
        "widgets.views.rollout.view:RolloutView",
        frozenset({Capability.ATTENTION}),
        "Attention rolled out over the layers: how much of each token is in what stands at a place above them.",
    ),
    ViewEntry(
        "scaled_dot",
        "Dot product",
        "widgets.views.scaled_dot.view:ScaledDotView",
        frozenset({Capability.QK}),
        "The attention formula with the real numbers of one query.",
    ),
    ViewEntry(
        "sparse",
        "Sparse",
        "widgets.views.sparse.view:SparseView",
        frozenset(),
        "Full, windowed, dilated, global and random attention: cells, reach and cost.",
    ),
    ViewEntry(
        "positions",
        "Positions",
        "widgets.views.positions.view:PositionsView",
        frozenset(),
        "How positions are encoded: the 2017 sinusoids, and what this checkpoint uses.",
    ),
    ViewEntry(
        "masked",
        "Masked words",
        "widgets.views.masked.view:MaskedView",
        frozenset({Capability.MASKED_LM}),
        "Mask words and see what the model would put there, layer by layer.",
    ),
    ViewEntry(
        "next_sentence",
        "Next sentence",
        "widgets.views.next_sentence.view:NextSentenceView",
        frozenset({Capability.NEXT_SENTENCE}),
        "How probable it is that sentence B follows sentence A.",
    ),
    ViewEntry(
        "masked_image",
        "Masked image",
        "widgets.views.masked_image.view:MaskedImageView",
        frozenset({Capability.MASKED_IMAGE}),
        "Mask patches and see which visual tokens the model expects there, and the picture rebuilt from them.",
    ),
    ViewEntry(
        "complete_image",
        "Image GPT",
        "widgets.views.complete_image.view:CompleteImageView",
        frozenset({Capability.NEXT_PIXEL}),
        "Completions that grow pixel by pixel, the surprise of each pixel, and what a linear classifier reads.",
    ),
    ViewEntry(
        "masked_pixels",
        "Masked pixels",
        "widgets.views.complete_image.view:CompleteImageView",
        frozenset({Capability.MASKED_PIXELS}),
        "Mask pixels and see which colours the model puts there, and what a linear classifier reads.",
    ),
    ViewEntry(
        "patches",
        "Patches",
        "widgets.views.patches.view:PatchesView",
        frozenset({Capability.PATCHES}),
        "What a patch of the picture looks at, laid over the picture: heads, layers, rollout.",
    ),
    ViewEntry(
        "mesh",
        "Mesh",
        "widgets.views.mesh.view:MeshView",
        frozenset({Capability.MESH}),
        "A mesh as it grows, vertex by vertex and face by face, and what the model expected of each token.",
    ),
    ViewEntry(
        "classes",
        "Classes",
        "widgets.views.classes.view:ClassesView",
        frozenset({Capability.CLASSES}),
        "What the model calls the picture, after each layer.",
    ),
)
