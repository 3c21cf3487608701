"""An answer to a question about an image, and where in the image each of its words looked."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "answer",
    "Answer",
    "widgets.views.answer.view:AnswerView",
    frozenset({Capability.ANSWER}),
    "A question and its answer, and where in the image each word looks.",
    figures=("answer",),
    changes_input=True,
)
