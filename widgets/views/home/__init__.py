"""The lecture and the bundled checkpoints as cards: what one sets out from."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "home",
    "Home",
    "widgets.views.home.view:HomeView",
    frozenset(),
    "The lecture and the checkpoints as cards; a click opens one.",
    reads_input=False,
    is_home=True,
)
