"""Of what the logit of a word is made."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "attribution",
    "Logit attribution",
    "widgets.views.attribution.view:AttributionView",
    frozenset({Capability.LINEAR_UNEMBEDDING}),
    "What embeddings, heads, MLPs and biases add to the logit of a word.",
    figures=("attribution",),
)
