"""How probable it is that sentence B follows sentence A."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "next_sentence",
    "Next sentence",
    "widgets.views.next_sentence.view:NextSentenceView",
    "next_sentence.NextSentenceRequest",
    "How probable it is that sentence B follows sentence A.",
    figures=("next-sentence",),
    about_model="text",
)
