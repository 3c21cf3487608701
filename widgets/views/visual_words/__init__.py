"""Films as visual words: what is hidden, what comes next, and what a text looks like."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "visual_words",
    "Visual words",
    "widgets.views.visual_words.view:VisualWordsView",
    frozenset({Capability.VISUAL_WORDS}),
    "Stretches of a film as words of their own: hide one, and see what the text tells of it.",
    figures=("visual-words",),
)
