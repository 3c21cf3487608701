"""Images named by labels that nobody trained the model on."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "zero_shot",
    "Zero-shot",
    "widgets.views.zero_shot.view:ZeroShotView",
    frozenset({Capability.COMPARISON}),
    "Which of your labels each image is given, and how often that is right.",
    figures=("zero-shot", "zero-shot-test"),
)
