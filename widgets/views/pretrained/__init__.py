"""The family tree of pretrained language models, and what went into each."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "pretrained",
    "Family tree",
    "widgets.views.pretrained.view:PretrainedView",
    frozenset(),
    "Pretrained language models and what each of them changed.",
    figures=("family-tree",),
    reads_input=False,
)
