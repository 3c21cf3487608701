"""A text that a language model writes on, token by token, and other ways it could have gone."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "generation",
    "Writing",
    "widgets.views.generation.view:GenerationView",
    frozenset({Capability.GENERATION}),
    "A language model goes on with the text, token by token.",
    figures=("generation",),
    changes_input=True,
)
