"""What every layer would say, if it were the last."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "lens",
    "Logit lens",
    "widgets.views.lens.view:LensView",
    "lens.LensRequest",
    "What every layer would say at every token, if it were the last: watch the answer take shape.",
    figures=("lens",),
    about_model="text",
)
