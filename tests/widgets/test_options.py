"""Options: declared once, and the same on screen, on the command line and in a session."""

from argparse import ArgumentParser
from dataclasses import FrozenInstanceError, dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSlider, QSpinBox, QToolButton

from app.commands.options import add_options
from widgets.kit.control_bar import ControlBar
from widgets.kit.option_controls import OptionControls
from widgets.options import BadOption, Options, Scale, choice, number, scale_option, share, switch, words
from widgets.views.attention.options import AttentionOptions


@dataclass(frozen=True)
class Sample(Options):
    scale: Scale = scale_option()
    shows: int = choice(2, {1: "One", 2: "Two"}, "Shows", "how many")
    has_grid: bool = switch(True, "Grid", "Lines between the patches", flag="grid")
    is_smooth: bool = switch(False, "Smooth", "Linear between the centres", flag="smooth")
    count: int = number(4, 1, 16, "Completions", "completions of the image")
    warmth: float = number(1.0, 0.01, 2, "Temperature", "of the distribution", step=0.1, decimals=2, flag="temperature")
    rate: float = share(0.15, "Chosen", "share that is chosen")
    layers: int = number(2, 1, 24, "Layers", "through which information travels", is_slider=True)
    sentence: str = words("a photo of a {}", "Template", "sentence with 100 % of a {}", most=40)


SAMPLES = st.builds(
    Sample,
    scale=st.sampled_from(("raw", "row", "log")),
    shows=st.sampled_from((1, 2)),
    has_grid=st.booleans(),
    is_smooth=st.booleans(),
    count=st.integers(1, 16),
    warmth=st.integers(1, 200).map(lambda n: n / 100),
    rate=st.integers(0, 100).map(lambda n: n / 100),
    layers=st.integers(1, 24),
    sentence=st.text(st.characters(categories=("L", "Zs")), min_size=1, max_size=40).filter(str.strip),
)


def typed(options):
    """The same on the command line."""
    line = [f"--normalisation={options.scale}", f"--shows={options.shows}", f"--count={options.count}"]
    line += [f"--temperature={options.warmth}", "--grid" if options.has_grid else "--no-grid"]
    line += [f"--rate={options.rate}", f"--layers={options.layers}", f"--sentence={options.sentence}"]
    return line + ["--smooth"] * options.is_smooth


@given(SAMPLES)
def test_they_survive_session_and_command_line(options):
    assert Sample.from_json(options.to_json()) == (options, ())
    parser = ArgumentParser()
    add_options(parser, Sample)
    assert Sample.of(parser.parse_args(typed(options))) == options


def test_a_session_keeps_only_what_is_not_the_default():
    assert Sample().to_json() == {}
    assert Sample(count=5).to_json() == {"count": 5}


@pytest.mark.parametrize(
    "stored",
    [None, [], "x", {"count": 17}, {"count": "4"}, {"scale": "loud"}, {"gone": 1}, {"has_grid": 1}, {"sentence": " "}],
)
def test_what_is_damaged_in_a_session_is_the_default_and_is_named(stored):
    options, dropped = Sample.from_json(stored)
    assert options == Sample()
    assert dropped == (tuple(stored) if isinstance(stored, dict) else ())


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"count": 17}, "Completions is 17; 1 to 16 is allowed."),
        ({"count": 1.5}, "Completions is 1.5; 1 to 16 is allowed."),
        ({"scale": "loud"}, "Scale is 'loud'; one of raw, row, log is needed."),
        ({"warmth": 0}, "Temperature is 0; 0.01 to 2 is allowed."),
        ({"has_grid": "yes"}, "Grid is 'yes'; true or false is needed."),
        ({"sentence": "  "}, "Template is '  '; a text of 1 to 40 letters is needed."),
        ({"sentence": "a" * 5_000}, f"Template is '{'a' * 60}'… (5,000 letters); a text of 1 to 40 letters is needed."),
    ],
)
def test_what_is_not_allowed_cannot_be_built(value, sentence):
    with pytest.raises(BadOption) as refused:
        Sample(**value)
    assert str(refused.value) == sentence


def test_they_are_frozen():
    with pytest.raises(FrozenInstanceError):
        Sample().count = 5


@pytest.fixture
def controls(qtbot):
    bar = ControlBar()
    qtbot.addWidget(bar)
    controls = OptionControls(bar, "sample", Sample)
    controls.bar = bar
    return controls


def test_controls_begin_with_the_defaults_and_give_what_is_chosen(controls, qtbot):
    assert controls.value() == Sample()
    with qtbot.waitSignals([controls.changed] * 4):
        controls.combo("scale").setCurrentIndex(2)
        controls.bar.findChild(QSpinBox, "sample_count").setValue(7)
        controls.bar.findChild(QDoubleSpinBox, "sample_warmth").setValue(0.5)
        controls.bar.findChild(QCheckBox, "sample_is_smooth").click()
    assert controls.value() == Sample(scale="log", count=7, warmth=0.5, is_smooth=True)


def test_they_can_be_set_and_tell_once(controls):
    told = []
    controls.changed.connect(lambda: told.append(controls.value()))
    wanted = Sample(scale="row", shows=1, has_grid=False, count=2)
    controls.set_value(wanted)
    assert told == [wanted]
    controls.set_value(Sample(), quietly=True)
    assert told == [wanted]
    assert controls.value() == Sample()


@given(SAMPLES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_controls_show_every_value_exactly(controls, options):
    controls.set_value(options)
    assert controls.value() == options


def test_shares_are_chosen_in_per_cent_and_sliders_dragged(controls):
    box = controls.control("rate")
    assert box.text() == "15 %"
    box.setValue(40)
    controls.bar.findChild(QSlider, "sample_layers_slider").setValue(5)
    assert controls.value() == Sample(rate=0.4, layers=5)


def test_every_control_has_a_name_and_a_tip(controls):
    for field, option in Sample.declared().items():
        control = controls.control(field)
        assert control.objectName() == f"sample_{field}"
        assert control.accessibleName() == option.title
        assert control.toolTip()
    assert isinstance(controls.control("shows"), QComboBox)


@dataclass(frozen=True)
class Open(Options):
    keep: int | None = number(None, 0, 100, "Keep", "pixels that are kept", otherwise="the upper half")
    rate: float = share(0.15, "Masked", "share that is masked", low=0.01, high=0.95)


def test_a_number_may_be_left_to_what_is_looked_at(qtbot):
    bar = ControlBar()
    qtbot.addWidget(bar)
    controls = OptionControls(bar, "open", Open)
    box = controls.control("keep")
    box.show_default(50)
    assert (box.value(), controls.value()) == (50, Open())
    box.setValue(20)
    box.show_default(60)  # of another image: what was chosen stays
    assert (box.value(), controls.value()) == (20, Open(keep=20))
    controls.set_value(Open(), quietly=True)
    box.show_default(60)
    assert (box.value(), controls.value()) == (60, Open())
    assert (controls.control("rate").minimum(), controls.control("rate").maximum()) == (1, 95)


def test_what_is_left_open_is_named_on_the_command_line():
    parser = ArgumentParser()
    add_options(parser, Open)
    assert "pixels that are kept (default: the upper half)" in " ".join(parser.format_help().split())
    assert Open.of(parser.parse_args([])) == Open()
    assert Open.of(parser.parse_args(["--keep", "7"])) == Open(keep=7)
    assert Open.from_json({"keep": None}) == (Open(), ())
    with pytest.raises(BadOption, match=r"Keep is 101; 0 to 100 is allowed\."):
        Open(keep=101)


def test_rare_controls_stand_behind_more_until_one_of_them_is_chosen(qtbot):
    bar = ControlBar()
    qtbot.addWidget(bar)
    controls = OptionControls(bar, "x", AttentionOptions, rare=("low", "high"))
    bar.show()
    high, more = controls.control("high"), bar.findChild(QToolButton, "more_controls")
    assert controls.value() == AttentionOptions()
    assert not high.isVisible()
    more.click()
    assert high.isVisible()
    more.click()
    controls.set_value(AttentionOptions(high=0.25))
    assert high.isVisible()
    assert controls.value().high == 0.25
    high.setValue(high.minimum())
    assert controls.value().high is None
