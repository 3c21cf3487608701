"""All that is chosen in a view: what a session keeps, and what can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:  # no panel of the window has options, which come with the first view
    from widgets.kit.option_controls import Remembered
    from widgets.subject import Subject

MASKS, FRAMES = "masks", "frames"  # what `kept_places` keeps: parts of an image, and the order of a film's frames

C = TypeVar("C", bound="Remembered")


class ViewOptions(QObject):
    """Several groups of options, each under its name.

    Signals
    -------
    changed()
        The user, or `set_state`, chose something else. Which page is in front is no choice of that kind.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._groups: list[Remembered] = []

    def add(self, controls: C) -> C:
        """Keep what is chosen there, too."""
        from widgets.kit.option_controls import OptionControls

        self._groups.append(controls)
        if isinstance(controls, OptionControls):
            controls.changed.connect(self.changed)
        return controls

    def state(self) -> dict[str, Any]:
        """What is chosen and is not the default, as plain values."""
        return {controls.name: state for controls in self._groups if (state := controls.value().to_json())}

    def set_state(self, stored: object) -> None:
        """Choose what was stored; what is unknown or not allowed any more is left as it is by default."""
        for controls in self._groups:
            given = stored.get(controls.name) if isinstance(stored, dict) else None
            controls.set_value(controls.kind.from_json(given)[0])

    def titles(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
        """Titles of what differs between two states."""
        from widgets.kit.option_controls import OptionControls

        found = []
        for controls in self._groups:
            old, new = before.get(controls.name, {}), after.get(controls.name, {})
            if isinstance(controls, OptionControls) and old != new:
                found += [one.title for name, one in controls.kind.declared().items() if old.get(name) != new.get(name)]
        for name, title in ((MASKS, self.tr("Masks")), (FRAMES, self.tr("Order"))):
            if before.get(name) != after.get(name):
                found.append(title)
        return tuple(found)


def kept_places(name: str, places: tuple[int, ...] | None, subject: Subject | None) -> dict[str, Any]:
    """What the user masked or put in order, as plain values with the checkpoint that it is of; None: nothing."""
    if places is None or subject is None:
        return {}
    return {name: list(places), f"{name}_of": subject.checkpoint.checkpoint}


def places_kept(name: str, stored: object, subject: Subject | None) -> tuple[int, ...] | None:
    """What `kept_places` keeps; None where there is none, or of another checkpoint, whose places may be others."""
    kept = stored if isinstance(stored, dict) else {}
    places = kept.get(name)
    if subject is None or kept.get(f"{name}_of") != subject.checkpoint.checkpoint or not isinstance(places, list):
        return None
    return tuple(places) if all(isinstance(place, int) for place in places) else None
