"""Settings survive a restart, and no file keeps the program from starting."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QMainWindow

from app.window.placement import restore_layout
from app.window.settings import N_RECENT, KeptSettings, Settings, load_settings, merged, save_settings, why_not_kept

CHANGED = Settings(
    "dark", 1.4, "magma", True, 2048, "bert-mini", "A cat.", "It sat.", ("/a", "/b"), "d2luZG93", "ZG9ja3M="
)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "settings.json"


def test_where_nothing_can_be_kept_that_is_said(file, tmp_path):
    assert why_not_kept(file) == ""
    (tmp_path / "plain").write_text("no folder")
    inside = tmp_path / "plain" / "home"
    assert why_not_kept(inside / "settings.json") == (
        f"Nothing is kept for the next start: {inside} cannot be written (not a directory)."
    )


def test_what_is_saved_is_loaded(file):
    save_settings(CHANGED, file)
    assert load_settings(file) == (CHANGED, "")
    assert [path.name for path in file.parent.iterdir()] == ["settings.json"]


def test_the_first_start_has_no_notice(file):
    assert load_settings(file) == (Settings(), "")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\ufeff", '{"theme": ' + "[" * 100_000])
def test_an_unreadable_file_means_defaults_and_a_notice(file, text):
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    loaded, notice = load_settings(file)
    assert loaded == Settings()
    assert str(file) in notice


def test_a_bad_value_is_left_out_and_the_others_kept(file):
    file.parent.mkdir()
    file.write_text(json.dumps({"theme": "pink", "font_scale": 2, "text": "hello", "from_a_later_version": 1}))
    loaded, notice = load_settings(file)
    assert loaded == replace(Settings(), font_scale=2.0, text="hello")
    assert "theme" in notice


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    values=st.dictionaries(
        st.sampled_from(sorted(vars(CHANGED))) | st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        ),
    )
)
def test_any_json_gives_settings_of_the_right_types(tmp_path, values):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(values))
    loaded, _ = load_settings(file)
    for name, default in vars(Settings()).items():
        assert type(getattr(loaded, name)) is type(default)
    assert 0.7 <= loaded.font_scale <= 3


def test_the_latest_checkpoint_stands_first_and_once():
    now = Settings()
    for number in [*range(20), 15]:
        now = now.with_recent(f"/{number}")
    assert now.recent[:3] == ("/15", "/19", "/18")
    assert len(now.recent) == N_RECENT
    assert len(set(now.recent)) == N_RECENT


DAMAGED = sorted((Path(__file__).parent / "damaged_settings").glob("*.json"))


@pytest.mark.parametrize("damaged", DAMAGED, ids=lambda file: file.stem)
def test_a_damaged_entry_costs_no_more_than_itself(damaged, file, qtbot):
    values = json.loads(damaged.read_text(encoding="utf-8"))
    file.parent.mkdir()
    file.write_text(json.dumps(values | {"theme": "dark"}), encoding="utf-8")
    loaded, notice = load_settings(file)
    assert loaded.theme == "dark"
    window = QMainWindow()
    qtbot.addWidget(window)
    restore_layout(window, loaded)  # and the list of recent ones: see test_opening.py
    if "window" in values:  # half of a character; what only names no checkpoint is refused when it is opened
        assert loaded.window == ""
        assert "window" in notice
    save_settings(loaded, file, loaded)
    assert load_settings(file)[0].theme == "dark"


def test_two_windows_do_not_overwrite_each_other(file):
    save_settings(Settings(text="a cat", recent=("/a",)), file)
    first, second = load_settings(file)[0], load_settings(file)[0]
    save_settings(replace(first, theme="dark", recent=("/b", "/a")), file, first)
    save_settings(replace(second, color_map="magma", recent=("/c", "/a")), file, second)
    assert load_settings(file)[0] == Settings("dark", color_map="magma", text="a cat", recent=("/c", "/a", "/b"))


def test_what_a_window_began_with_by_itself_is_no_change(file):
    """A sample stands where no text was kept, and the first bundled checkpoint is opened."""
    read = load_settings(file)[0]
    begun = replace(read, text="A sample.", checkpoint="bert-mini")
    save_settings(replace(begun, text="a cat", checkpoint="gpt"), file, read, begun)
    save_settings(replace(begun, theme="dark"), file, read, begun)
    assert load_settings(file)[0] == Settings("dark", text="a cat", checkpoint="gpt")


def test_alone_a_window_writes_what_it_began_with_too(file):
    read = load_settings(file)[0]
    begun = replace(read, text="A sample.", checkpoint="bert-mini")
    save_settings(begun, file, read, begun)
    assert load_settings(file)[0] == begun


NUMBERS = st.integers(0, 2)
ENTRIES = st.dictionaries(st.sampled_from("abc"), NUMBERS | st.dictionaries(st.sampled_from("xy"), NUMBERS))


@given(own=ENTRIES, loaded=ENTRIES, others=ENTRIES)
def test_of_every_entry_the_last_change_is_kept(own, loaded, others):
    values = merged(own, loaded, loaded, others)
    assert merged(own, loaded, loaded, loaded) == own
    assert merged(loaded, loaded, loaded, others) == others
    for name in (*own, *others):
        now, read, there = (entries.get(name) for entries in (own, loaded, others))
        if not (isinstance(now, dict) and isinstance(there, dict)):
            assert values.get(name) == (there if now == read else now)


def test_a_window_that_changed_an_entry_last_has_the_last_word(file):
    save_settings(Settings(), file)
    first, second = load_settings(file)[0], load_settings(file)[0]
    save_settings(replace(first, text="a cat"), file, first)
    save_settings(replace(second, text="a dog"), file, second)
    assert load_settings(file)[0].text == "a dog"


def test_a_window_that_is_opened_looks_like_the_one_that_opens_it_and_neither_takes_a_change_back(file):
    first = KeptSettings(file)
    now = replace(first.begun, theme="dark", font_scale=1.4, color_map="magma", text="a cat")
    first.save_looks(now)
    second = KeptSettings(file)
    assert second.begun == replace(Settings(), theme="dark", font_scale=1.4, color_map="magma")
    first.save(replace(now, theme="system"))  # as it was before it looked dark
    assert load_settings(file)[0].theme == "system"
    second.save(second.begun)
    assert load_settings(file)[0] == replace(now, theme="system")
