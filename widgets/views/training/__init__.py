"""The training lab: tiny models learn while one watches."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "training",
    "Training",
    "widgets.views.training.view:TrainingView",
    frozenset(),
    "Tiny Transformers and LSTMs learn while one watches.",
    figures=("training-curves", "training-attention", "training-distance", "schedule", "label-smoothing"),
    reads_input=False,
)
