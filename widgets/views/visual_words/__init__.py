"""Films as visual words: what is hidden, what comes next, and what a text looks like."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "visual_words",
    "Visual words",
    "widgets.views.visual_words.view:VisualWordsView",
    frozenset({Capability.VISUAL_WORDS}),
    "A film read as words of its own: hide one, see what the text tells.",
    figures=("visual-words",),
)
