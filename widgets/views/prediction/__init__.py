"""What a fine-tuned model predicts of a text."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "prediction",
    "Prediction",
    "widgets.views.prediction.view:PredictionView",
    frozenset({Capability.PREDICTION}),
    "What a fine-tuned model says of a text: a class, labels, an answer.",
    figures=("prediction",),
    is_special=True,
)
