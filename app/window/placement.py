"""Where windows stand: whole on a screen, not over each other, and the next time where they stood before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QByteArray, QMargins, QPoint, QRect, QSize
from PySide6.QtWidgets import QMainWindow, QWidget

from app.window.settings import Settings
from widgets.look.screens import screen_of


@dataclass(frozen=True, slots=True)
class ViewLayout:
    """Where all views are, to come back to.

    Attributes
    ----------
    current
        The view that was used last.
    beside, torn_off
        Views that are not among the tabs.
    places
        Where windows stood, by view, also of those that are tabs again.
    widths
        Of the tabs and of what is beside them, in pixels.
    """

    current: str = ""
    beside: tuple[str, ...] = ()
    torn_off: tuple[str, ...] = ()
    places: dict[str, str] = field(default_factory=dict)
    widths: tuple[int, ...] = ()


def fitted(window: QRect, frame: QMargins, available: QRect) -> QRect:
    """A window's inside, moved and made smaller until it is on the screen with its frame.

    Parameters
    ----------
    window
        Without its frame.
    available
        The screen without panels and docks of the desktop.
    """
    inside = available.marginsRemoved(frame)
    size = window.size().boundedTo(inside.size())
    x = min(max(window.x(), inside.x()), inside.x() + inside.width() - size.width())
    y = min(max(window.y(), inside.y()), inside.y() + inside.height() - size.height())
    return QRect(QPoint(x, y), size)


def keep_on_screen(window: QWidget) -> None:
    """Make a window small enough for its screen, frame included; its frame is a guess until it is shown."""
    handle = window.windowHandle()
    if window.isMaximized() or window.isFullScreen():
        return
    if handle is None or not window.isVisible():
        # The style could be asked, but to load its enums takes a fiftieth of the time until the window is there.
        title, border = 2 * window.fontMetrics().height(), window.fontMetrics().height() // 3
        frame = QMargins(border, title, border, border)
        window.resize(fitted(window.geometry(), frame, screen_of(window).availableGeometry()).size())
        return
    right = fitted(window.geometry(), handle.frameMargins(), screen_of(window).availableGeometry())
    if right != window.geometry():
        window.setGeometry(right)


def restore_layout(window: QMainWindow, settings: Settings) -> None:
    """Put the window and its panels where they were, within the screen that there is now."""
    window.resize(1280, 800)
    keep_on_screen(window)
    # What cannot be restored, from another version say, is refused by Qt and leaves the layout as it is.
    window.restoreGeometry(QByteArray.fromBase64(settings.window.encode()))
    window.restoreState(QByteArray.fromBase64(settings.docks.encode()))


def with_layout(settings: Settings, window: QMainWindow) -> Settings:
    """The same settings, with where the window and its panels are now."""
    return replace(
        settings,
        window=window.saveGeometry().toBase64().toStdString(),
        docks=window.saveState().toBase64().toStdString(),
    )


def free_place(size: QSize, frame: QMargins, main: QRect, screens: Sequence[QRect]) -> QRect:
    """Where another window covers as little of the main one as possible: on a second screen, or beside it.

    Parameters
    ----------
    size
        Wanted, without frame.
    main
        The main window with its frame.
    screens
        What is available of each.

    Returns
    -------
    QRect
        Without frame; within one of the screens.
    """
    others = [screen for screen in screens if not screen.intersects(main)]
    if others:
        centred = QRect(QPoint(), size)
        centred.moveCenter(others[0].center())
        return fitted(centred, frame, others[0])
    screen = max(screens, key=lambda one: _area(one.intersected(main)))
    outside = QRect(QPoint(), size).marginsAdded(frame).size().boundedTo(screen.size())
    places = [
        QRect(QPoint(x, y), outside)
        for x in (main.right() + 1, screen.right() + 1 - outside.width(), main.left() - outside.width(), screen.left())
        for y in (main.top(), screen.bottom() + 1 - outside.height(), screen.top(), main.bottom() + 1)
    ]
    within = [fitted(place, QMargins(), screen) for place in places]
    best = min(within, key=lambda place: _area(place.intersected(main)))
    return best.marginsRemoved(frame)


def _area(rect: QRect) -> int:
    return max(rect.width(), 0) * max(rect.height(), 0)
