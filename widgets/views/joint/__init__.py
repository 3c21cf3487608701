"""Where in the image a word looks, and which words a part of the image reads."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "joint",
    "Words and image",
    "widgets.views.joint.view:JointView",
    frozenset({Capability.JOINT}),
    "Where in the image each word looks, head by head.",
    figures=("joint",),
)
