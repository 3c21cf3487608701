"""What a translation model looked at while it learned."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "training_stages",
    "Along training",
    "widgets.views.training_stages.view:TrainingStagesView",
    "training_stages.TrainingStagesRequest",
    "What the decoder attended to in the source at stages of its training: watch an alignment take shape.",
    figures=("training-stages",),
    about_model="text",
    is_special=True,
)
