"""The training lab: tiny models learn while one watches."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "training",
    "Training",
    "widgets.views.training.view:TrainingView",
    "",
    "Trains tiny models live: loss, learning rate and gradients by step, attention taking shape, runs side by side.",
    figures=("training-curves", "training-attention", "schedule", "label-smoothing"),
)
