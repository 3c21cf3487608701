"""The training lab in the real window, by mouse: train, pause, resume, stop, go on, compare, film, open."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QTabWidget, QToolButton

from inference.results.job import JobPhase
from widgets.views.training.attention import TrainingAttentionFigure, mirrored_share

pytestmark = pytest.mark.xvfb

NAME = "reversal-1"
QUICK = {"layers": 1, "width": 16, "heads": 2, "batch": 4, "length": 8, "steps": 20_000}  # a step takes milliseconds
SOON = {"layers": 1, "width": 64, "heads": 4, "batch": 32, "length": 8, "steps": 500, "warm_up": 50, "peak": 0.004}


def phase(driver):
    return next((state.phase for state in driver.window.jobs.states), None)


def choose(driver, **values):
    """What is trained, field by field."""
    driver.tab("training")
    driver.wait(lambda: "training" in driver.window.area.views)
    more = driver.window.area.views["training"].findChild(QToolButton, "more_controls")
    if not more.isChecked():
        driver.click(more)
    for name, value in values.items():
        box = driver.widget(f"training_{name}")
        if isinstance(box, QComboBox):
            box.setCurrentIndex(box.findData(value))
        else:
            driver.type_text(f"training_{name}", str(value))


def show_page(driver, number):
    pages = driver.widget("training_pages", QTabWidget)
    driver.click(pages.tabBar(), pages.tabBar().tabRect(number).center())


def n_done(driver):
    runs = driver.figure("training").runs
    return runs[0].result.n_done if runs else 0


def test_a_model_is_trained_paused_resumed_stopped_and_opened(driver):
    choose(driver, **QUICK)
    driver.click(driver.widget("training_start"))
    driver.wait(lambda: n_done(driver) > 3)
    pause = driver.widget("training_job_pause")
    driver.click(pause)
    driver.wait(lambda: phase(driver) is JobPhase.PAUSED)
    assert driver.widget("training_job_text", QLabel).text().startswith("Paused before: Step")
    before = n_done(driver)
    driver.click(pause)
    driver.wait(lambda: n_done(driver) > before + 3)

    stop = driver.widget("training_job_cancel")
    assert stop.text() == "Stop"
    driver.click(stop)
    driver.wait(lambda: phase(driver) is None)
    assert driver.message() == f"Training {NAME}: stopped; what is done is kept."
    folder = driver.window._settings_file.with_name("runs") / NAME
    assert (folder / "model.safetensors").exists()

    show_page(driver, 1)
    figure = driver.figure("training")
    assert isinstance(figure, TrainingAttentionFigure)
    last = figure.number
    driver.click(driver.widget("training_attention_first"))
    assert driver.figure("training").now.step == 0 < last
    show_page(driver, 0)

    listed = driver.widget("gallery_list", QListWidget)
    assert NAME in [listed.item(i).text() for i in range(listed.count())]
    driver.click(driver.widget("training_open"))
    driver.wait(lambda: driver.window.controller.checkpoint.name == NAME)
    assert driver.window.controller.checkpoint.architecture == "TransformerForTranslation"


def test_a_run_survives_its_window_goes_on_and_can_be_deleted(start):
    driver = start()
    driver.wait_idle()
    choose(driver, **QUICK)
    driver.click(driver.widget("training_start"))
    driver.wait(lambda: n_done(driver) > 3)
    driver.window.close()  # and its process with it

    driver = start()  # where it was left
    driver.wait(lambda: "training" in driver.window.area.views)
    driver.wait(lambda: driver.widget("training_go_on").isEnabled())
    driver.click(driver.widget("training_go_on"))
    driver.wait(lambda: n_done(driver) > 3)
    driver.click(driver.widget("training_job_cancel"))
    driver.wait(lambda: phase(driver) is None)
    folder = driver.window._settings_file.with_name("runs") / NAME
    assert folder.exists()
    for _ in range(2):
        driver.click(driver.widget("training_remove"))
    driver.wait(lambda: not folder.exists())
    driver.wait(lambda: driver.widget("training_runs", QListWidget).count() == 0)


def test_a_model_learns_to_reverse_strings_and_the_film_of_its_attention_is_exported(driver, tmp_path):
    choose(driver, **SOON)
    driver.click(driver.widget("training_start"))
    show_page(driver, 1)
    driver.wait(lambda: isinstance(driver.figure("training"), TrainingAttentionFigure))

    def seen():
        return driver.figure("training").looks

    driver.wait(lambda: seen()[-1].measure >= 0.98, seconds=240)
    first, last = (mirrored_share(look.pattern[-1]).max() for look in (seen()[0], seen()[-1]))
    assert first < 0.3 < 0.7 < last
    show_page(driver, 0)
    if phase(driver) is not None:
        driver.click(driver.widget("training_job_cancel"))
    driver.wait(lambda: phase(driver) is None)
    show_page(driver, 1)
    film = tmp_path / "reversal.gif"
    driver.export("training", film)
    driver.wait(film.exists, seconds=120)
    driver.wait(lambda: driver.message().startswith(str(film)) or "reversal.gif" in driver.message(), seconds=120)
    with Image.open(film) as images:
        assert images.n_frames >= len(seen()) - 1
        first, last = (frame(images, n) for n in (0, images.n_frames - 1))
    assert first != last


def frame(images, number):
    images.seek(number)
    return images.convert("RGB").tobytes()


def test_runs_that_wait_come_back_and_all_of_a_comparison_are_trained(start):
    driver = start()
    driver.wait_idle()
    choose(driver, **QUICK | {"steps": 40, "warm_up": 20})
    driver.window.findChild(QAction, "training_compare_norms").trigger()
    driver.wait(lambda: len(driver.window.jobs.states) == 2)
    driver.window.close()

    driver = start()
    driver.wait(lambda: "training" in driver.window.area.views)
    runs = driver.widget("training_runs", QListWidget)
    driver.wait(lambda: runs.count() == 2)
    assert not driver.window.jobs.states
    driver.click(runs.viewport(), runs.visualItemRect(runs.item(1)).center())
    driver.wait(lambda: driver.widget("training_go_on").isEnabled())
    driver.click(driver.widget("training_go_on"))
    driver.wait(lambda: len(driver.window.jobs.states) == 2)
    driver.wait(lambda: not driver.window.jobs.states, seconds=110)
    assert [runs.item(i).text().partition("\n")[2][:4] for i in range(2)] == ["done"] * 2
    driver.wait(lambda: len(driver.figure("training").runs) == 2)
    assert [run.name for run in driver.figure("training").runs] == ["norms after", "norms before"]


def test_a_tiny_clip_is_trained_while_another_checkpoint_is_looked_at_and_opens(driver, tmp_path):
    sizes = {name: QUICK[name] for name in ("layers", "width", "heads", "batch", "steps")}
    choose(driver, task="contrastive", **sizes, watched="a red house")
    assert not driver.widget("training_length").isVisible()  # there is nothing that it would say
    assert not driver.widget("training_file").isVisible()
    driver.click(driver.widget("training_start"))
    driver.wait(lambda: n_done(driver) > 2, seconds=240)
    driver.window.open("vit-scenes")
    driver.wait(lambda: driver.window.controller.checkpoint.name == "vit-scenes", seconds=110)
    before = n_done(driver)
    driver.wait(lambda: n_done(driver) > before + 2, seconds=110)
    driver.click(driver.widget("training_job_cancel"))
    driver.wait(lambda: phase(driver) is None)
    titles = [plot.title for plot in driver.figure("training").plots]
    assert titles[2:4] == ["Cross-entropies of the batch", "Temperature"]
    show_page(driver, 1)
    figure = driver.figure("training")
    assert isinstance(figure, TrainingAttentionFigure)
    assert (figure.result.watched, figure.result.rows[1:-1]) == ("a red house", ("a", "red", "house"))
    driver.click(driver.widget("training_attention_first"))
    assert driver.figure("training").now.step == 0 < figure.now.step
    show_page(driver, 0)
    driver.export("training", tmp_path / "curves.npz")
    with np.load(tmp_path / "curves.npz") as arrays:
        assert arrays["0_terms"].shape == (len(arrays["0_loss"]), 3)
        np.testing.assert_allclose(arrays["0_terms"][:, 2], 0.07, atol=0.01)  # as CLIP begins
    driver.click(driver.widget("training_open"))
    driver.wait(lambda: driver.window.controller.checkpoint.architecture == "CLIPModel", seconds=110)
    driver.wait(lambda: driver.window.area.has_tab("similarity"))
