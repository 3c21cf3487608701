"""What a fine-tuned model predicts of a text."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "prediction",
    "Prediction",
    "widgets.views.prediction.view:PredictionView",
    "prediction.PredictionRequest",
    "What a fine-tuned model predicts of the text: its class, a label for each token, or the answer to a question.",
    figures=("prediction",),
    about_model="text",
    is_special=True,
)
