"""What a translation model looked at while it learned."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "training_stages",
    "Along training",
    "widgets.views.training_stages.view:TrainingStagesView",
    frozenset({Capability.TRAINING_STAGES}),
    "What the decoder attended to while it was trained.",
    figures=("training-stages",),
    is_special=True,
)
