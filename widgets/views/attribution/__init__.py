"""Of what the logit of a word is made."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "attribution",
    "Logit attribution",
    "widgets.views.attribution.view:AttributionView",
    "attribution.AttributionRequest",
    "What embeddings, every head, every MLP and the biases add to the logit of a word: where a prediction is made.",
    figures=("attribution",),
    about_model="text",
)
