"""Where a window was left: view, layer, head, options, masks, inputs and windows of views; and how to come back."""

from __future__ import annotations

import types
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from PySide6.QtCore import QCoreApplication

from app.window.placement import ViewLayout
from app.window.settings import is_text, left_out, locked, merged, read_entries, write_entries
from app.window.view_area import ViewArea
from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import ClipInput, ImageInput, Input, MeshInput, RegionsInput, SoundInput, TextInput
from widgets.selection import Selected
from widgets.view import View

FILE_NAME = "session.json"  # beside the settings
HOME = "home"
_LARGEST = 2**31 - 1
_VIEW_NAMES = 2
_RENAMED = {"similarity": "head_similarity"}  # since the first names

F = TypeVar("F", ImageInput, SoundInput, ClipInput, RegionsInput)


@dataclass(frozen=True)
class Session:
    """What the file holds. Texts that were typed are settings, whatever is open.

    Attributes
    ----------
    checkpoint
        What was open: selection, masks and inputs are of it, and come back only with it.
    text
        The text with its languages and what was written as its target, where there are any; or the chosen one of
        those that are compared.
    options
        What is chosen in each view and is not the default, as the view says it.
    images, texts
        What is compared; the images whose files are gone are left out.
    regions
        Of the image.
    view_names
        Which names of views it has: without this the ones of before `similarity` compared images with texts.
    """

    checkpoint: str = ""
    selected: Selected = field(default_factory=Selected)
    masked: tuple[int, ...] = ()
    image: ImageInput | None = None
    mesh: MeshInput | None = None
    sound: SoundInput | None = None
    layout: ViewLayout = field(default_factory=ViewLayout)
    options: dict[str, Any] = field(default_factory=dict)
    text: TextInput | None = None
    images: tuple[ImageInput, ...] = ()
    texts: tuple[str, ...] = ()
    regions: RegionsInput | None = None
    view_names: int = _VIEW_NAMES
    clip: ClipInput | None = None


class Restored(NamedTuple):
    """What a checkpoint is looked at with first: what is selected and masked, and inputs, where no other is typed."""

    selected: Selected
    masked: tuple[int, ...]
    input: Input


class SessionKeeper:
    """Brings a window back to where the last one was left, and notes where this one is.

    Attributes
    ----------
    notice
        A sentence for the user if something could not come back.
    """

    def __init__(self, file: Path, area: ViewArea) -> None:
        self._file, self._area = file, area
        self._session, self.notice = load_session(file)
        self._begun = self._session
        self._is_first = True
        area.view_created.connect(self._on_area_view_created)

    def restore_layout(self, checkpoint: str) -> None:
        """Put the views where they were; the one in front comes back with the checkpoint that it showed.

        The very first window, with nothing that was chosen, begins at home.
        """
        layout = self._session.layout
        if not checkpoint and not layout.current:
            layout = replace(layout, current=HOME)
        self._area.restore_layout(layout if checkpoint == self._session.checkpoint else replace(layout, current=""))

    def restored(self, info: CheckpointInfo) -> Restored | None:
        """What the first checkpoint is looked at with; None if it is another one than was open, and for later ones."""
        is_first, self._is_first = self._is_first, False
        session = self._session
        if is_first and not session.checkpoint:
            self._begun = replace(session, checkpoint=info.checkpoint)  # which nobody chose
        if not is_first or info.checkpoint != session.checkpoint:
            return None
        image = self._if_there(session.image, _tr("The image {} of the last session is not there any more."))
        sound = self._if_there(session.sound, _tr("The sound {} of the last session is not there any more."))
        clip = self._if_there(session.clip, _tr("The film {} of the last session is not there any more."))
        regions = self._if_there(session.regions, _tr("The regions {} of the last session are not there any more."))
        if image != session.image:  # they were of the one that is gone
            regions = None
        given = Input(session.text, image, session.mesh, sound, regions=regions, clip=clip)
        if info.compares:
            images = tuple(one for one in session.images if not one.path or _is_file(one.path))
            given = replace(given, images=images, texts=session.texts)
        return Restored(session.selected, session.masked, given)

    def _if_there(self, given: F | None, notice: str) -> F | None:
        """What the session was given, unless it is of a file that is gone, which the notice then tells."""
        if given is None or not given.path or _is_file(given.path):
            return given
        if isinstance(given, ClipInput) and _is_folder(given.path):  # of numbered images
            return given
        self.notice = notice.format(given.path)
        return None

    def save(self, info: CheckpointInfo | None, selected: Selected, masked: tuple[int, ...], input: Input) -> None:
        """Write where the window is now. Raises OSError."""
        session = replace(self._session, layout=self._area.layout_now())
        chosen = {name: view.options_state() for name, view in self._area.views.items()}
        session = replace(session, options={name: state for name, state in (session.options | chosen).items() if state})
        if info is not None:
            session = replace(
                session,
                checkpoint=info.checkpoint,
                selected=selected,
                masked=masked,
                image=input.image or session.image,
                mesh=input.mesh or session.mesh,
                sound=input.sound or session.sound,
                text=_as_written(input.text, info),
                images=input.images or session.images,
                texts=input.texts or session.texts,
                regions=input.regions or session.regions,
                clip=input.clip or session.clip,
            )
        with locked(self._file):
            others = load_session(self._file)[0]  # which another window may have written since
            write_entries(self._file, _merged(session, self._begun, self._session, others))

    def _on_area_view_created(self, view: View) -> None:
        if state := self._session.options.get(view.objectName()):
            view.set_options_state(state)


def load_session(file: Path) -> tuple[Session, str]:
    """The last session, and a sentence if some of it could not be read; never raises."""
    values, notice = read_entries(file)
    damaged: list[str] = []
    session = replace(_read_object(Session, values, damaged), view_names=_VIEW_NAMES)
    if "view_names" not in values:
        session = _with_new_names(session)
    return session, notice or left_out(damaged, file)


def _with_new_names(session: Session) -> Session:
    """The same with the names that views have now; the options of a view stand under its name too."""

    def named(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_RENAMED.get(name, name) for name in names)

    old = session.layout
    layout = replace(
        old,
        current=named((old.current,))[0],
        beside=named(old.beside),
        torn_off=named(old.torn_off),
        places=dict(zip(named(tuple(old.places)), old.places.values(), strict=True)),
    )
    options = dict(session.options)
    for name in _RENAMED.keys() & options.keys():
        state = options.pop(name)
        inside = state if isinstance(state, dict) else {}
        options[_RENAMED[name]] = {_RENAMED.get(key, key): value for key, value in inside.items()}
    return replace(session, layout=layout, options=options)


def _merged(own: Session, begun: Session, loaded: Session, others: Session) -> dict[str, Any]:
    """See `merged`. A selection and an input are one entry each, and what is selected is of its checkpoint."""
    if own.checkpoint == begun.checkpoint and others.checkpoint != loaded.checkpoint:
        own = replace(own, selected=others.selected, masked=others.masked)
    elif own.checkpoint != begun.checkpoint:
        others = replace(others, selected=loaded.selected, masked=loaded.masked)
    values = merged(*map(_entries, (own, begun, loaded, others)))
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _entries(session: Session) -> dict[str, Any]:
    """Of the layout each, and of the options each of a view."""
    values = {entry.name: getattr(session, entry.name) for entry in fields(session)}
    return values | {"layout": asdict(session.layout)}


def save_session(session: Session, file: Path) -> None:
    """Write so that a crash leaves either the old file or the new one. Raises OSError."""
    with locked(file):
        write_entries(file, asdict(session))


def _as_written(text: TextInput | None, info: CheckpointInfo) -> TextInput | None:
    """What the settings do not say of a text; None where they say it all."""
    if text is not None and "text" in info.compares:
        return TextInput(text.text)
    has_target = text is not None and text.text_pair is not None and info.word_axis == "target"
    has_part = text is not None and text.start is not None
    if text is None or not (text.language or text.language_pair or text.target_ids or has_target or has_part):
        return None
    return replace(text, masked=())  # masks have a place of their own


def _tr(text: str) -> str:
    return QCoreApplication.translate("Session", text)


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


# Reading: every entry is what its field says, or the field's default


class _Damaged(Exception):
    pass


def _read_object(cls: type, values: dict[str, Any], damaged: list[str]) -> Any:
    """An object of a dataclass; entries that are damaged have their defaults, and are named in `damaged`."""
    kinds = get_type_hints(cls)
    good = {}
    for entry in fields(cls):
        if entry.name not in values:
            continue
        try:
            least = -1 if (cls, entry.name) == (TextInput, "start") else 0  # of a text -1 stands for its end
            good[entry.name] = _read(kinds[entry.name], values[entry.name], damaged, least)
        except _Damaged:
            damaged.append(entry.name)
    return cls(**good)


def _read(kind: Any, value: Any, damaged: list[str], least: int = 0) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        kind = next(one for one in inner if one is not types.NoneType)
        return None if value is None else _read(kind, value, damaged, least)
    if kind is Any:
        return value
    if is_dataclass(kind):
        if not isinstance(value, dict):
            raise _Damaged
        return _read_object(kind, value, damaged)  # type: ignore[arg-type]
    if origin is dict:
        if not isinstance(value, dict) or not all(is_text(name) for name in value):
            raise _Damaged
        return {name: _read(inner[1], one, damaged) for name, one in value.items()}
    if origin is tuple or (isinstance(kind, type) and issubclass(kind, tuple)):
        return _read_tuple(kind, inner, value, damaged)
    is_good = is_text(value) if kind is str else type(value) is kind and (kind is not int or least <= value <= _LARGEST)
    if not is_good:
        raise _Damaged
    return value


def _read_tuple(kind: Any, inner: tuple[Any, ...], value: Any, damaged: list[str]) -> Any:
    if not isinstance(value, list):
        raise _Damaged
    if inner:  # tuple[X, ...]
        return tuple(_read(inner[0], one, damaged) for one in value)
    kinds = tuple(get_type_hints(kind).values())  # a named tuple
    if len(kinds) != len(value):
        raise _Damaged
    return kind(*(_read(one, part, damaged) for one, part in zip(kinds, value, strict=True)))
