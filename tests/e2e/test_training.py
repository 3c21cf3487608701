"""The training lab in the real window, by mouse: train, pause, resume, stop, go on, open what has become of it."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QTabWidget

from inference.results.job import JobPhase
from widgets.kit.number_box import NumberBox
from widgets.views.training.attention import TrainingAttentionFigure

pytestmark = pytest.mark.xvfb

NAME = "reversal-1"


def phase(driver):
    return next((state.phase for state in driver.window.jobs.states), None)


def choose_small(driver):
    """A model of a few thousand numbers, whose steps are quick."""
    driver.tab("training")
    driver.wait(lambda: "training" in driver.window.area.views)
    driver.widget("training_layers", NumberBox).setValue(1)
    for name, value in (("width", 16), ("heads", 2)):
        box = driver.widget(f"training_{name}", QComboBox)
        box.setCurrentIndex(box.findData(value))
    driver.widget("training_batch", NumberBox).setValue(4)
    driver.widget("training_length", NumberBox).setValue(8)
    driver.widget("training_steps", NumberBox).setValue(20_000)


def n_done(driver):
    runs = driver.figure("training").runs
    return runs[0].result.n_done if runs else 0


def test_a_model_is_trained_paused_resumed_stopped_and_opened(driver):
    choose_small(driver)
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

    pages = driver.widget("training_pages", QTabWidget)
    driver.click(pages.tabBar(), pages.tabBar().tabRect(1).center())
    figure = driver.figure("training")
    assert isinstance(figure, TrainingAttentionFigure)
    last = figure.number
    driver.click(driver.widget("training_attention_first"))
    assert driver.figure("training").now.step == 0 < last
    driver.click(pages.tabBar(), pages.tabBar().tabRect(0).center())

    listed = driver.widget("gallery_list", QListWidget)
    assert NAME in [listed.item(i).text() for i in range(listed.count())]
    driver.click(driver.widget("training_open"))
    driver.wait(lambda: driver.window.controller.checkpoint.name == NAME)
    assert driver.window.controller.checkpoint.architecture == "TransformerForTranslation"


def test_a_run_survives_its_window_goes_on_and_can_be_deleted(start):
    driver = start()
    driver.wait_idle()
    choose_small(driver)
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
