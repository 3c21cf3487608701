"""The images that are compared, small, side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QSizePolicy, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.events import Failure
from inference.results.inputs import MOST_IMAGES, ImageInput, Input
from inference.results.request import Request
from inference.results.thumbnails import Thumbnail, ThumbnailsRequest, ThumbnailsResult
from widgets.context import ViewContext
from widgets.figures.counts import number_of
from widgets.kit.layouts import direction_of
from widgets.kit.veil import Veil
from widgets.panels.compared.chip_list import ChipList, menu_button
from widgets.panels.compared.things import Things
from widgets.panels.media.image_bar import ENDINGS
from widgets.panels.media.media_bar import MAX_SEED
from widgets.subject import Subject
from widgets.view import View

_FIRST_SCENES = 4
_ANY_WIDTH = 16_777_215  # Qt's QWIDGETSIZE_MAX
_MORE_SCENES = 8


class ImageStrip(View):
    """Images that are compared, one of them chosen. What is added is there once the engine has read it.

    Signals
    -------
    changed()
        Other images, or in another order.
    chosen(ImageInput)
        Another one is looked at.
    captions_known()
        It is known what is in the scenes.
    said(str)
        A sentence for the user; empty: what was said is settled.
    """

    changed = Signal()
    chosen = Signal(object)
    captions_known = Signal()
    said = Signal(str)

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("image_strip")
        self._info: CheckpointInfo | None = None
        self._images: Things[ImageInput] = Things(MOST_IMAGES)
        self._coming: tuple[ImageInput, ...] = ()  # that are being read
        self._put_aside: tuple[ImageInput, ...] = ()  # as long as a checkpoint is open that compares none
        self._seen: dict[ImageInput, Thumbnail] = {}
        self._kinds: tuple[str, ...] = ()
        self._is_shown = True
        self._folder = str(Path.home())
        self._strip = ChipList("compared_images", self.tr("Images that are compared"), self)
        self._menu = menu_button(
            "compared_add_images",
            self.tr("Images"),
            self.tr("Add images, or take them away"),
            (
                ("files", self.tr("Add files…")),
                ("scene", self.tr("Add a scene")),
                ("portrait", self.tr("Add a portrait")),
                ("scenes", self.tr("Add eight scenes")),
                ("clear", self.tr("Keep only the chosen image")),
            ),
            self,
        )
        self._menu.menu().triggered.connect(self._on_menu_triggered)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.addWidget(self._menu)
        self._parts.addWidget(self._strip, 1)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.setFocusProxy(self._strip)
        self._strip.choice_changed.connect(self._on_strip_choice_changed)
        self._strip.removal_requested.connect(self._on_strip_removal_requested)
        self._strip.move_requested.connect(self._on_strip_move_requested)

    # What the panel does

    def set_checkpoint(self, info: CheckpointInfo, image: ImageInput) -> None:
        """Show the same images to another checkpoint; at first scenes, the image that is looked at among them."""
        if self._info is None or info.checkpoint != self._info.checkpoint:
            self._seen = {}  # else nothing is asked anew
        self._info, self._coming = info, ()
        if not self._is_shown:
            self._images.set(self._put_aside)
        self._set_shown(True)
        if not self._images.all:
            n = 1 if image.path else _FIRST_SCENES
            self._images.set((image, *(replace(image, seed=image.seed + i) for i in range(1, n))))
            self._ask()
        else:
            self.look_at(image)

    def know(self, info: CheckpointInfo, image: ImageInput) -> None:
        """Ask what is in the one image of a checkpoint that compares none; nothing of it is shown here."""
        self._info, self._coming = info, ()
        if self._is_shown:
            self._put_aside = self._images.all
        self._set_shown(False)
        self._images.set((image,))
        self._ask()

    def _set_shown(self, is_shown: bool) -> None:
        """Show the images, or take no room: what is hidden would ask nothing."""
        self._is_shown = is_shown
        self._menu.setVisible(is_shown)
        self._strip.setVisible(is_shown)
        self.setMaximumWidth(_ANY_WIDTH if is_shown else 0)

    def set_narrow(self, is_narrow: bool) -> None:
        """Stand in a column, or above the views."""
        self._parts.setDirection(direction_of(is_narrow))
        self._strip.set_narrow(is_narrow)

    @property
    def images(self) -> tuple[ImageInput, ...]:
        """The images, in order."""
        return self._images.all

    @property
    def image(self) -> ImageInput | None:
        """The image that is looked at; None where there is none."""
        return self._images.chosen

    def set_images(self, images: tuple[ImageInput, ...], chosen: ImageInput | None = None) -> None:
        """Compare other images; the signals are silent."""
        self._images.set(images, chosen)
        self._ask()

    def look_at(self, image: ImageInput) -> None:
        """Choose an image: a file is added if it is not there, another scene takes the place of the chosen one."""
        chosen = self._images.chosen
        if image in self._images.all or image.path or chosen is None or chosen.path:
            self._say_left(self._images.add((image,)))
        else:
            self._images.replace(self._images.at, image)
        self._ask()

    def add(self, images: tuple[ImageInput, ...]) -> None:
        """Compare these too, once they were read, and look at the first of them."""
        self.said.emit("")
        there = {*self._images.all, *self._coming}
        room = max(0, MOST_IMAGES - len(there))
        new = [image for image in dict.fromkeys(images) if image not in there]
        self._say_left(len(new) - room)
        self._coming = (*self._coming, *new[:room])
        if new:
            self._ask()
        elif images:  # all are there
            self._images.add(images[:1])
            self._show()
            self.chosen.emit(self._images.chosen)

    def add_files(self, paths: list[str]) -> None:
        """Compare these image files too."""
        if paths:
            self._folder = str(Path(paths[0]).parent)
            self.add(tuple(ImageInput(path=path) for path in paths))

    def texts(self, which: str) -> tuple[str, ...]:
        """What is known to be true: see `TextChips.wanted`, and `labels` of pixels; empty where nothing is."""
        if which == "kinds":
            return self._kinds
        if which in ("things", "labels"):
            seen = self._seen.get(self._images.chosen) if self._images.chosen is not None else None
            tags = seen.tags if seen is not None else ()
            return tuple(f"a {tag}" for tag in tags) if which == "things" else (*tags, "background") if tags else ()
        captions = (self._seen[image].captions for image in self._images.all if image in self._seen)
        return tuple(each[0] for each in captions if each)  # of what is in front

    # As a view

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        return (ThumbnailsRequest(self.subject.checkpoint.checkpoint, self.subject.input.images),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(request, ThumbnailsRequest)
        assert isinstance(result, ThumbnailsResult)
        self._seen = dict(zip(request.images, result.thumbnails, strict=True))
        self._kinds = result.kinds
        if not self._is_shown:
            self.captions_known.emit()
            return
        unread = [image for image, seen in self._seen.items() if seen.why_not]
        come = [image for image in self._coming if image in self._seen and image not in unread]
        self._coming = tuple(image for image in self._coming if image not in self._seen)
        before = self._images.all, self._images.chosen
        self._images.set([image for image in self._images.all if image not in unread])
        self._images.add(come)
        if unread:  # the others are there all the same
            why, n = self._seen[unread[0]].why_not, len(unread) - 1
            self.said.emit(why + (self.tr(" {} more could not be read either.").format(n) if n else ""))
        self._ask()
        if self._images.all != before[0]:
            self.changed.emit()
        if self._images.chosen not in (before[1], None):
            self.chosen.emit(self._images.chosen)
        self.captions_known.emit()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        self._coming = ()
        if self._is_shown:  # else the bar of the image says it
            self.said.emit(failure.message)

    def take_cancellation(self, request: Request) -> None:
        super().take_cancellation(request)
        self._coming = ()

    def clear_numbers(self) -> None:
        """There are none."""

    def _veils(self) -> list[Veil]:
        return []  # what has not come yet is empty

    def figure(self) -> None:
        return None

    def _ask(self) -> None:
        if self._info is not None:
            self.set_subject(Subject(self._info, Input(images=(*self._images.all, *self._coming))))
        self._show()

    def _show(self) -> None:
        seen = [self._seen.get(image) for image in self._images.all]
        self._strip.set_images(
            tuple(one.image if one is not None else None for one in seen),
            tuple(self._about(image, one) for image, one in zip(self._images.all, seen, strict=True)),
            self._images.at,
        )

    def _about(self, image: ImageInput, seen: Thumbnail | None) -> str:
        name = Path(image.path).name if image.path else self.tr("seed {}").format(image.seed)
        return "; ".join(filter(None, (name, *(seen.captions if seen else ()))))

    # What the user does

    def _say_left(self, n: int) -> None:
        if n > 0:
            self.said.emit(
                self.tr("{} did not fit: at most {} are compared.").format(number_of(n, "images"), MOST_IMAGES)
            )

    @Slot(int)
    def _on_strip_choice_changed(self, row: int) -> None:
        self.said.emit("")
        self._images.at = row
        self.chosen.emit(self._images.chosen)

    @Slot(int)
    def _on_strip_removal_requested(self, row: int) -> None:
        if len(self._images.all) == 1:
            self.said.emit(self.tr("One image is needed; add another one first."))
            return
        self.said.emit("")
        self._images.remove(row)
        self._ask()
        self.changed.emit()
        self.chosen.emit(self._images.chosen)

    @Slot(int, int)
    def _on_strip_move_requested(self, start: int, end: int) -> None:
        self._images.move(start, end)
        self._ask()
        self.changed.emit()

    @Slot(QAction)
    def _on_menu_triggered(self, action: QAction) -> None:
        key = action.data()
        self.said.emit("")
        if key == "files":
            filters = self.tr("Images ({})").format(ENDINGS)
            paths, _ = QFileDialog.getOpenFileNames(self, self.tr("Open images"), self._folder, filters)
            self.add_files(paths)
        elif key == "clear":
            self._images.set((self._images.chosen,) if self._images.chosen is not None else ())
            self._ask()
            self.changed.emit()
        else:
            n = _MORE_SCENES if key == "scenes" else 1
            self.add(self._fresh("" if key == "scenes" else key, n))

    def _fresh(self, kind: str, n: int) -> tuple[ImageInput, ...]:
        """Scenes of the next seeds that are not there."""
        seeds = (image.seed for image in (*self._images.all, *self._coming) if not image.path)
        first = max(seeds, default=-1) + 1
        return tuple(ImageInput(seed=(first + i) % (MAX_SEED + 1), kind=kind) for i in range(n))
