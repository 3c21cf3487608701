"""A window comes back where it was left, and no file keeps it from starting."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QObject, Signal

from app.window.placement import ViewLayout
from app.window.session import FILE_NAME, Session, SessionKeeper, load_session, save_session
from app.window.settings import Settings, load_settings
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import ClipInput, ImageInput, Input, MeshInput, SoundInput, TextInput
from tests.factories import make_checkpoint_info
from widgets.selection import Position, Selected

LAYOUT = ViewLayout("attention", ("sparse",), ("heads",), {"heads": "d2lu", "arcs": "YQ=="}, (400, 300))
LEFT = Session(
    "bert-test",
    Selected("encoder", 2, 3, Position("text", 4), Position("text", 1)),
    (2, 5),
    ImageInput(seed=7, kind="scene", side=64),
    MeshInput(1, (1, 2, 3), (4, 1)),
    SoundInput(seed=3),
    LAYOUT,
    {"attention": {"options": {"scale": "log"}}},
    TextInput("a cat", "eine Katze", language="en", language_pair="de", target_ids=(1, 7, 9)),
    (ImageInput(seed=7), ImageInput(seed=8, kind="portrait")),
    ("a cat", "a dog"),
)
INFO = make_checkpoint_info()
CLIP = replace(INFO, compares=("image", "text"))
TRANSLATOR = make_checkpoint_info(groups=(AttentionGroup("decoder", "Decoder", (4,), query_axis="target"),))


@pytest.fixture
def file(tmp_path):
    return tmp_path / FILE_NAME


def stored(file, **entries):
    """A file with some of its entries changed."""
    save_session(LEFT, file)
    values = json.loads(file.read_text())
    for name, value in entries.items():
        inside = values
        *path, last = name.split("__")
        for step in path:
            inside = inside[step]
        inside[last] = value
    file.write_text(json.dumps(values))


def test_what_is_saved_is_loaded(file):
    save_session(LEFT, file)
    assert load_session(file) == (LEFT, "")


def test_the_first_start_has_no_notice(file):
    assert load_session(file) == (Session(), "")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"layout": ' + "[" * 100_000, "\udcff"])
def test_an_unreadable_file_means_defaults_and_a_notice(file, text):
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    session, notice = load_session(file)
    assert session == Session()
    assert str(file) in notice


@pytest.mark.parametrize(
    ("entries", "right", "named"),
    [
        ({"checkpoint": "\ud800"}, replace(LEFT, checkpoint=""), "checkpoint"),
        ({"checkpoint": "a\0b"}, replace(LEFT, checkpoint=""), "checkpoint"),
        ({"masked": [2, -5]}, replace(LEFT, masked=()), "masked"),
        ({"masked": [1e400]}, replace(LEFT, masked=()), "masked"),
        ({"masked": "2"}, replace(LEFT, masked=()), "masked"),
        ({"selected__layer": True}, replace(LEFT, selected=replace(LEFT.selected, layer=0)), "layer"),
        ({"selected__layer": 10**30}, replace(LEFT, selected=replace(LEFT.selected, layer=0)), "layer"),
        ({"selected__query": ["text"]}, replace(LEFT, selected=replace(LEFT.selected, query=None)), "query"),
        ({"selected__query": None}, replace(LEFT, selected=replace(LEFT.selected, query=None)), ""),
        ({"image": 3}, replace(LEFT, image=None), "image"),
        ({"image__path": {}}, replace(LEFT, image=replace(LEFT.image, path="")), "path"),
        ({"mesh__vertex_tokens": None}, replace(LEFT, mesh=replace(LEFT.mesh, vertex_tokens=())), "vertex_tokens"),
        ({"layout__places": {"heads": 1}}, replace(LEFT, layout=replace(LAYOUT, places={})), "places"),
        ({"layout__torn_off": ["heads", None]}, replace(LEFT, layout=replace(LAYOUT, torn_off=())), "torn_off"),
        ({"options": []}, replace(LEFT, options={}), "options"),
        ({"of_a_later_version": 1}, LEFT, ""),
    ],
)
def test_a_damaged_entry_costs_itself_alone(file, entries, right, named):
    stored(file, **entries)
    session, notice = load_session(file)
    assert session == right
    assert named in notice
    assert bool(notice) == bool(named)


def test_a_file_of_any_size_is_not_read(file, monkeypatch):
    monkeypatch.setattr("app.window.settings.MOST_BYTES", 10)
    save_session(LEFT, file)
    session, notice = load_session(file)
    assert session == Session()
    assert "could not be read" in notice


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.dictionaries(st.sampled_from(sorted(vars(LEFT))) | st.text(max_size=5), JSON))
def test_any_json_gives_a_session_that_can_be_saved(tmp_path, values):
    file = tmp_path / FILE_NAME
    file.write_text(json.dumps(values))
    session, _ = load_session(file)
    save_session(session, file)
    again, notice = load_session(file)
    assert repr(again) == repr(session)  # nan is not equal to itself
    assert notice == ""


# Settings that were reported to keep the program from starting


@pytest.mark.parametrize(
    ("values", "damaged"),
    [
        ({"checkpoint": "~nosuchuser/x"}, ()),  # a name like any other, which opening refuses
        ({"recent": ["x" * 5000]}, ()),
        ({"window": "\ud800"}, ("window",)),
        ({"text": "\udfff", "docks": "\0"}, ("text", "docks")),
        ({"recent": ["/a", "\ud800"]}, ("recent",)),
        ({"font_scale": float("nan")}, ("font_scale",)),
        ({"memory_mb": 10**400}, ("memory_mb",)),
    ],
)
def test_settings_that_kept_it_from_starting_cost_one_entry(tmp_path, values, damaged):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(values | {"theme": "dark"}))
    loaded, notice = load_settings(file)
    assert loaded.theme == "dark"
    for name in damaged:
        assert getattr(loaded, name) == getattr(Settings(), name)
        assert name in notice
    assert bool(notice) == bool(damaged)


# The window's side


class FakeArea(QObject):
    view_created = Signal(object)

    def __init__(self):
        super().__init__()
        self.views = {}
        self.layout = None

    def restore_layout(self, layout):
        self.layout = layout

    def layout_now(self):
        return LAYOUT


class FakeView(QObject):
    def __init__(self, name, state=None):
        super().__init__()
        self.setObjectName(name)
        self.state = state

    def options_state(self):
        return self.state or {}

    def set_options_state(self, state):
        self.state = state


@pytest.fixture
def area(qapp):
    return FakeArea()


@pytest.fixture
def keeper(file, area):
    save_session(LEFT, file)
    return SessionKeeper(file, area)


def test_the_same_checkpoint_comes_back_with_all_that_is_of_it(keeper, area):
    keeper.restore_layout("bert-test")
    assert area.layout == LAYOUT
    restored = keeper.restored(INFO)
    assert restored.selected == LEFT.selected
    assert restored.masked == (2, 5)
    assert restored.input == Input(text=LEFT.text, image=LEFT.image, mesh=LEFT.mesh, sound=LEFT.sound)
    assert keeper.restored(INFO) is None  # only at the start
    assert keeper.notice == ""


def test_another_checkpoint_begins_anew_with_the_windows_of_before(keeper, area):
    keeper.restore_layout("vit")
    assert area.layout == replace(LAYOUT, current="")
    assert keeper.restored(replace(INFO, checkpoint="vit")) is None
    assert keeper.restored(INFO) is None


def test_an_image_that_is_gone_is_told(file, area, tmp_path):
    save_session(replace(LEFT, image=ImageInput(path=str(tmp_path / "gone.png"))), file)
    keeper = SessionKeeper(file, area)
    assert keeper.restored(INFO).input.image is None
    assert "gone.png" in keeper.notice


def test_a_sound_that_is_gone_is_told(file, area, tmp_path):
    save_session(replace(LEFT, sound=SoundInput(str(tmp_path / "gone.wav"))), file)
    keeper = SessionKeeper(file, area)
    assert keeper.restored(INFO).input == Input(text=LEFT.text, image=LEFT.image, mesh=LEFT.mesh)
    assert "gone.wav" in keeper.notice


def test_a_film_comes_back_from_a_file_or_a_folder_of_images_and_is_told_when_it_is_gone(file, area, tmp_path):
    (tmp_path / "film").mkdir()
    save_session(replace(LEFT, clip=ClipInput(str(tmp_path / "film"))), file)
    assert SessionKeeper(file, area).restored(INFO).input.clip == ClipInput(str(tmp_path / "film"))
    (tmp_path / "film").rmdir()
    keeper = SessionKeeper(file, area)
    assert keeper.restored(INFO).input.clip is None
    assert "film" in keeper.notice


def test_a_sound_that_is_looked_at_is_written(keeper, file):
    keeper.save(INFO, Selected(), (), Input(sound=SoundInput(seed=8)))
    assert load_session(file)[0].sound == SoundInput(seed=8)
    assert load_session(file)[0].image == LEFT.image


def test_of_a_text_only_what_the_settings_do_not_say_is_written(keeper, file):
    text = TextInput("a cat", "un chat", masked=(2,), language_pair="fr", start=-1, target_ids=(1, 5))
    keeper.save(INFO, Selected(), (), Input(text=text))
    assert load_session(file)[0].text == replace(text, masked=())
    keeper.save(INFO, Selected(), (), Input(text=TextInput("a cat", "a dog")))
    assert load_session(file)[0].text is None
    keeper.save(TRANSLATOR, Selected(), (), Input(text=TextInput("a cat", "un chat")))
    assert load_session(file)[0].text == TextInput("a cat", "un chat")  # a target, and no sentence B


def test_a_session_from_before_a_view_was_renamed_shows_the_same_view(file):
    stored(
        file,
        layout__current="similarity",
        layout__beside=["similarity"],
        layout__places={"similarity": "YQ=="},
        options={"similarity": {"similarity": {"order": "alike"}}, "heads": {}},
    )
    values = json.loads(file.read_text())
    del values["view_names"]
    file.write_text(json.dumps(values))
    session, notice = load_session(file)
    assert notice == ""
    assert (session.layout.current, session.layout.beside) == ("head_similarity", ("head_similarity",))
    assert session.layout.places == {"head_similarity": "YQ=="}
    assert session.options == {"head_similarity": {"head_similarity": {"order": "alike"}}, "heads": {}}
    save_session(session, file)
    assert load_session(file)[0] == session
    stored(file, layout__current="similarity")  # written since: it is the other one
    assert load_session(file)[0].layout.current == "similarity"


def test_what_is_compared_comes_back_without_images_that_are_gone(file, area, tmp_path):
    gone = ImageInput(path=str(tmp_path / "gone.png"))
    save_session(replace(LEFT, images=(gone, *LEFT.images)), file)
    found = SessionKeeper(file, area).restored(CLIP).input
    assert (found.images, found.texts, found.text) == (LEFT.images, LEFT.texts, LEFT.text)
    assert SessionKeeper(file, area).restored(INFO).input.images == ()  # which compares nothing


def test_of_what_is_compared_the_chosen_text_is_written(keeper, file):
    keeper.save(CLIP, Selected(), (), Input(TextInput("a dog"), images=LEFT.images[:1], texts=("a dog", "a cow")))
    session = load_session(file)[0]
    assert (session.text, session.texts, session.images) == (TextInput("a dog"), ("a dog", "a cow"), LEFT.images[:1])
    keeper.save(INFO, Selected(), (), Input(text=TextInput("a cat")))
    assert load_session(file)[0].texts == ("a dog", "a cow")


def test_options_come_back_with_their_view(keeper, area):
    view = FakeView("attention")
    area.view_created.emit(view)
    assert view.state == LEFT.options["attention"]
    other = FakeView("heads")
    area.view_created.emit(other)
    assert other.state is None


def test_what_is_left_is_written(keeper, area, file):
    area.views = {"heads": FakeView("heads", {"order": "entropy"}), "attention": FakeView("attention")}
    selected = Selected("encoder", 1)
    keeper.save(INFO, selected, (3,), Input(image=ImageInput(seed=9)))
    session, _ = load_session(file)
    assert session.selected == selected
    assert session.masked == (3,)
    assert session.image == ImageInput(seed=9)
    assert session.mesh == LEFT.mesh  # of the last checkpoint that read one
    assert session.options == {"heads": {"order": "entropy"}}  # the other view is as by default again


def two_keepers(file):
    areas = FakeArea(), FakeArea()
    return [(SessionKeeper(file, area), area) for area in areas]


def test_two_windows_merge_what_each_has_changed(file):
    """Every entry: options one by one, the selection, inputs, and where each view is."""
    save_session(LEFT, file)
    (first, area), (second, other) = two_keepers(file)
    for keeper in (first, second):
        keeper.restored(INFO)
    area.views = {"attention": FakeView("attention", {"options": {"scale": "log", "reduce": "mean"}})}
    area.layout_now = lambda: replace(LAYOUT, current="arcs", places={**LAYOUT.places, "heads": "bmV3"})
    selected = replace(LEFT.selected, layer=3)
    first.save(INFO, selected, LEFT.masked, Input(image=ImageInput(seed=9)))
    other.views = {"heads": FakeView("heads", {"options": {"order": "entropy"}})}
    other.layout_now = lambda: replace(LAYOUT, widths=(500, 200))
    second.save(INFO, LEFT.selected, (1,), Input(sound=SoundInput(seed=5)))
    assert load_session(file)[0] == Session(
        LEFT.checkpoint,
        selected,
        (1,),
        ImageInput(seed=9),
        LEFT.mesh,
        SoundInput(seed=5),
        replace(LAYOUT, current="arcs", places={**LAYOUT.places, "heads": "bmV3"}, widths=(500, 200)),
        {"attention": {"options": {"scale": "log", "reduce": "mean"}}, "heads": {"options": {"order": "entropy"}}},
        images=LEFT.images,
        texts=LEFT.texts,
    )


def test_what_is_selected_stays_with_its_checkpoint(file):
    save_session(LEFT, file)
    (first, _), (second, _) = two_keepers(file)
    for keeper in (first, second):
        keeper.restored(INFO)
    first.save(replace(INFO, checkpoint="gpt"), Selected("decoder", 1), (), Input())
    second.save(INFO, replace(LEFT.selected, head=1), (4,), Input())  # did not choose another one
    session = load_session(file)[0]
    assert (session.checkpoint, session.selected, session.masked) == ("gpt", Selected("decoder", 1), ())


def test_the_last_window_to_choose_a_checkpoint_has_the_last_word(file):
    save_session(LEFT, file)
    (first, _), (second, _) = two_keepers(file)
    first.save(replace(INFO, checkpoint="gpt"), Selected("decoder", 1), (), Input())
    second.save(replace(INFO, checkpoint="t5"), Selected("cross", 2), (), Input())
    session = load_session(file)[0]
    assert (session.checkpoint, session.selected) == ("t5", Selected("cross", 2))


def test_options_of_views_that_were_not_shown_are_kept(keeper, file):
    keeper.save(None, Selected(), (), Input())
    assert load_session(file)[0] == LEFT
