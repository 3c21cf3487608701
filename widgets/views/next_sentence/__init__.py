"""How probable it is that sentence B follows sentence A."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "next_sentence",
    "Next sentence",
    "widgets.views.next_sentence.view:NextSentenceView",
    frozenset({Capability.NEXT_SENTENCE}),
    "How probable it is that sentence B follows sentence A.",
    figures=("next-sentence",),
)
