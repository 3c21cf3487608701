"""How many examples in its prompt a model needs for a task."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "few_shot",
    "Few-shot",
    "widgets.views.few_shot.view:FewShotView",
    frozenset({Capability.GENERATION}),
    "How often the answer is right after 0 to 8 examples in the prompt.",
    figures=("few-shot",),
)
