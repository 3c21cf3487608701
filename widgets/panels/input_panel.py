"""What the model is given: sentences, an image, regions of it, a film, a sound, a mesh, or several, each with a bar."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.request import Capability
from widgets.context import ViewContext
from widgets.panels.media.column import MediaColumn, Narrows
from widgets.panels.text_bar import TextBar

if TYPE_CHECKING:
    from inference.results.image import ImageResult
    from widgets.panels.compared.bar import ComparedBar
    from widgets.panels.media.film_bar import FilmBar
    from widgets.panels.media.image_bar import ImageBar
    from widgets.panels.sound_bar import SoundBar


class KindBar(Protocol):
    """The bar of one kind of input: a `TextInput`, an `ImageInput`, a `RegionsInput`, a `MeshInput`, and so on."""

    input_changed: Any  # a signal with that part of the input

    def set_checkpoint(self, info: CheckpointInfo) -> None: ...
    def input(self) -> Any: ...
    def set_input(self, input: Any) -> None: ...
    def setVisible(self, visible: bool, /) -> None: ...


class InputPanel(QWidget):
    """A bar for every kind that the open checkpoint reads, one above the other. The others keep what they hold.

    Boxes over patches, which one view looks at, have their bar while that is on screen.

    Attributes
    ----------
    column
        Stands left of the views; images and films stand there once `set_beside` says so.

    Signals
    -------
    input_changed(Input)
        Another input, made of what all bars say; of a text without masks.
    bar_created(View)
        A bar that asks the engine was built and wants to be served.
    image_seen()
        `seen` is another one.
    """

    input_changed = Signal(object)
    image_seen = Signal()
    bar_created = Signal(object)

    def __init__(self, context: ViewContext, samples: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.column = MediaColumn(self)
        self.column.hide()
        self._is_beside = False
        self._bars: dict[str, KindBar] = {}
        self._kinds: tuple[str, ...] = ("text",)
        self._has_boxes = False  # regions are no more than boxes over the patches
        self._looks_at_boxes: set[QObject] = set()  # views on screen that do
        self.text = TextBar(context.selection, samples, self)
        self._keep("text", self.text)
        self._compared: ComparedBar | None = None
        self._compares: tuple[str, ...] = ()
        self._sample = samples[0] if samples else ""
        self._caption = ""  # that stands as the sentence without anybody's having typed it
        self._wants_caption = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of which kinds the input is: `text`, `image`, `mesh`, `sound`, `regions`, `clip`."""
        return self._kinds

    @property
    def kind(self) -> str:
        """The first of `kinds`."""
        return self._kinds[0]

    def seen(self) -> ImageResult | None:
        """How the checkpoint sees the image; None where it reads none, or as long as that is not known."""
        return self._image_bar().seen if "image" in self._kinds else None

    def set_checkpoint(self, info: CheckpointInfo) -> None:
        """Show the bars for what it reads."""
        # Boxes over patches are looked at, too, where words look into the image.
        self._has_boxes = Capability.JOINT in info.capabilities and "regions" not in info.reads
        self._kinds = (*info.reads, "regions") if self._has_boxes else info.reads
        reads = {*info.reads}
        self._wants_caption = "text" in reads and bool(reads & {"image", "clip"})
        self._wants_caption &= Capability.ANSWER not in info.capabilities
        self._wants_caption &= "text" not in info.compares
        if self._caption and not self._wants_caption and self.text.first.value() == self._caption:
            self.text.first.set_value(self._sample)
            self._caption = ""
        for kind in self._kinds:
            self._bar(kind).set_checkpoint(info)
        for bar in (self._bars[kind] for kind in self._kinds if kind in ("image", "clip")):
            self._takes_caption(cast("ImageBar | FilmBar", bar).description)
        self._show_bars()
        self._compares = info.compares
        if self._compares:
            image = self._bar("image").input() if "image" in self._kinds else None
            self._compared_bar().set_checkpoint(info, image, self.text.first.value())
        if self._compared is not None:
            self._compared.setVisible(bool(self._compares))
        self._show_column()

    def set_beside(self, is_beside: bool) -> None:
        """Stand images and films beside the views, which have the whole height then, or above them."""
        self._is_beside = is_beside
        for bar in (self._compared, *self._bars.values()):  # all, so that they keep their order
            if bar is not None:
                self._put(bar)
        self._show_column()

    def _put(self, bar: object, at: int = -1) -> None:
        """Give a bar its place, the last one or another, above the views or in the column."""
        assert isinstance(bar, QWidget)
        if isinstance(bar, Narrows):
            bar.set_narrow(self._is_beside)
        layout = self.column.bars if self._is_beside and isinstance(bar, Narrows) else self._column
        layout.insertWidget(at, bar)

    def _show_column(self) -> None:
        is_needed = bool(self._compares) or any(isinstance(self._bars[kind], Narrows) for kind in self._kinds)
        self.column.setVisible(self._is_beside and is_needed)

    def _show_bars(self) -> None:
        for kind, bar in self._bars.items():
            is_looked_at = kind != "regions" or not self._has_boxes or bool(self._looks_at_boxes)
            bar.setVisible(kind in self._kinds and is_looked_at)

    def show_boxes_with(self, view: QWidget) -> None:
        """This view looks at boxes over the patches: their bar is there while it is on screen, and no longer."""
        view.installEventFilter(self)
        if view.isVisible():
            self._looks_at_boxes.add(view)
            self._show_bars()

    def eventFilter(self, view: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self._looks_at_boxes.add(view)
            self._show_bars()
        elif event.type() == QEvent.Type.Hide:
            self._looks_at_boxes.discard(view)
            self._show_bars()
        return super().eventFilter(view, event)

    def input(self) -> Input:
        """What is to be looked at now."""
        parts = {kind: self._bar(kind).input() for kind in self._kinds}
        if self._compared is None or not self._compares:
            return Input(**parts)
        if "text" in self._compares:  # the sentence that other checkpoints read stays as it is
            parts["text"] = TextInput(self._compared.chips.text or "")
        images = self._compared.strip.images if "image" in self._compares else ()
        return Input(**parts, images=images, texts=self._compared.chips.texts if "text" in self._compares else ())

    def set_input(self, input: Input) -> None:
        """Show an input that came from elsewhere, such as a view; `input_changed` is emitted.

        What it leaves out stays as it is; what the checkpoint does not read is left out. What was written behind a
        text comes too late when another one was typed meanwhile.
        """
        text = input.text
        if text is not None and text.target_ids is not None and text.text != self.text.input().text:
            return
        given = {kind: getattr(input, kind) for kind in input.kinds if kind in self._kinds}
        if self._compares:
            self._compared_bar().set_input(replace(input, **given))
            given = {kind: part for kind, part in given.items() if kind not in self._compares}
            if "image" in self._compares and (image := self._compared_bar().strip.image) is not None:
                self._bar("image").set_input(image)
        elif not given:
            return
        for kind, part in given.items():
            self._bar(kind).set_input(part)
        self.input_changed.emit(replace(self.input(), **given))

    def set_wished(self, input: Input) -> None:
        """As `set_input`, of what a view wishes: a sentence that it wrote, nobody has typed; others take its place."""
        before = self.text.first.value()
        self.set_input(input)
        now = self.text.first.value()
        if now != before and before in (self._sample, self._caption):
            self._caption = now

    @property
    def whole_text(self) -> str:
        """All that is typed: the first sentence, or the texts that are compared, a line each."""
        return "\n".join(self._compared_bar().chips.texts) if "text" in self._compares else self.text.first.value()

    def look_at_text(self, text: str) -> None:
        """Look at a text of any length in place of the first sentence; where texts are compared, each line is one."""
        if "text" not in self._compares:
            self.text.look_at(text)
            return
        self._compared_bar().chips.add(tuple(text.splitlines()))

    def edit_text(self, text: str) -> None:
        """As `look_at_text`, in place of all texts that are compared."""
        if "text" in self._compares and (lines := tuple(line for line in text.splitlines() if line.strip())):
            self._compared_bar().chips.set_texts(lines)
            self.input_changed.emit(self.input())
        elif "text" not in self._compares:
            self.text.look_at(text)

    def focus_text(self) -> None:
        """Let the user type at once."""
        if "text" in self._compares:
            self._compared_bar().setFocus()
        else:
            self.text.focus_sentence()

    def open_images(self, paths: list[str]) -> None:
        """Look at image files, at the first one unless several are compared; only where the checkpoint reads images."""
        self._image_bar().open_files(paths)

    def open_sound(self, path: str) -> None:
        """Look at a sound file; only where the checkpoint reads sounds."""
        self._sound_bar().open_file(path)

    def open_film(self, path: str) -> None:
        """Look at a film; only where the checkpoint reads films."""
        self._film_bar().open_file(path)

    def _bar(self, kind: str) -> KindBar:
        if kind not in self._bars:
            if kind == "mesh":
                from widgets.panels.mesh_bar import MeshBar  # not before a mesh is wanted

                bar = MeshBar(self)
                self._context.growing_changed.connect(bar.show_growing)
                self._keep(kind, bar)
            elif kind == "sound":
                self._sound_bar()
            elif kind == "clip":
                self._film_bar()
            elif kind == "regions":
                from widgets.panels.regions_bar import RegionsBar  # not before regions are wanted

                regions = RegionsBar(self._context, self.input, self)
                self._keep(kind, regions)
                self.bar_created.emit(regions)
            else:
                self._image_bar()
        return self._bars[kind]

    def _image_bar(self) -> ImageBar:
        from widgets.panels.media.image_bar import ImageBar  # not before an image is wanted

        bar = self._bars.get("image")
        if bar is None:
            bar = ImageBar(self._context, self)
            self._keep("image", bar)
            bar.several_given.connect(self._on_image_bar_several_given)
            bar.described.connect(self._on_described)
            bar.described.connect(self.image_seen)
            self.bar_created.emit(bar)
        assert isinstance(bar, ImageBar)
        return bar

    def _sound_bar(self) -> SoundBar:
        from widgets.panels.sound_bar import SoundBar  # not before a sound is wanted

        bar = self._bars.get("sound")
        if bar is None:
            bar = SoundBar(self._context, self.input, self)
            self._keep("sound", bar)
            self.bar_created.emit(bar)
        assert isinstance(bar, SoundBar)
        return bar

    def _film_bar(self) -> FilmBar:
        from widgets.panels.media.film_bar import FilmBar  # not before a film is wanted

        bar = self._bars.get("clip")
        if bar is None:
            bar = FilmBar(self._context, self)
            self._keep("clip", bar)
            bar.described.connect(self._on_described)
            self.bar_created.emit(bar)
        assert isinstance(bar, FilmBar)
        return bar

    def _compared_bar(self) -> ComparedBar:
        from widgets.panels.compared.bar import ComparedBar  # not before anything is compared

        if self._compared is None:
            self._compared = bar = ComparedBar(self._context, self)
            self._put(bar, at=0)
            bar.changed.connect(self._on_compared_changed)
            bar.image_chosen.connect(self._on_compared_image_chosen)
            self.bar_created.emit(bar.strip)
        return self._compared

    def _keep(self, kind: str, bar: KindBar) -> None:
        self._bars[kind] = bar
        self._put(bar)
        bar.input_changed.connect(self._on_bar_input_changed)

    @Slot(object)
    def _on_bar_input_changed(self, part: object) -> None:
        if self.sender() in [self._bars[kind] for kind in self._kinds]:
            if self._compares and isinstance(part, ImageInput):
                self._compared_bar().look_at(part)
            self.input_changed.emit(self.input())

    @Slot()
    def _on_compared_changed(self) -> None:
        self.input_changed.emit(self.input())

    @Slot(object)
    def _on_compared_image_chosen(self, image: ImageInput) -> None:
        self._image_bar().set_input(image)
        self.input_changed.emit(self.input())

    @Slot(str)
    def _on_described(self, caption: str) -> None:
        if self._takes_caption(caption):
            self.input_changed.emit(self.input())

    def _takes_caption(self, caption: str) -> bool:
        """Words that belong to the image or film stand there, as long as nobody typed others; whether new ones do."""
        now = self.text.first.value()
        if not (self._wants_caption and now and caption and now in (self._sample, self._caption) and now != caption):
            return False
        self._caption = caption
        self.text.first.set_value(caption)
        return True

    @Slot(list)
    def _on_image_bar_several_given(self, paths: list[str]) -> None:
        self._compared_bar().strip.add_files(paths)
