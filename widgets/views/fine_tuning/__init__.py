"""What pre-training buys, and what fine-tuning changes."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "fine_tuning",
    "Fine-tuning",
    "widgets.views.fine_tuning.view:FineTuningView",
    frozenset(),
    "What pre-training buys; what fine-tuning changes in the attention.",
    figures=("fine-tuning", "fine-tuned-attention", "published", "transfer"),
)
