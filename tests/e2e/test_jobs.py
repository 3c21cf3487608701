"""A measurement of minutes in the real window: looking goes on, and the keyboard steers it."""

from __future__ import annotations

import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QTabBar

from inference.results.job import JobPhase

pytestmark = pytest.mark.xvfb


def measure(driver, lengths=2):
    """Press Measure on Sparse's third page; the longest of all sizes last for minutes."""
    driver.tab("sparse")
    driver.wait(lambda: "sparse" in driver.window.area.views)
    driver.widget("sparse_pages", QTabBar).setCurrentIndex(2)
    driver.widget("sparse_table_lengths", QComboBox).setCurrentIndex(lengths)
    driver.click(driver.widget("sparse_measure"))


def phase(driver, number=1):
    return next((state.phase for state in driver.window.jobs.states if state.number == number), None)


def test_a_head_is_looked_at_while_layers_are_timed_and_the_keyboard_steers(driver):
    measure(driver)
    driver.wait(lambda: driver.figure("sparse").result is not None)
    driver.keys("Esc")  # stops what is being looked at, never a job
    driver.tab("attention")
    driver.wait(lambda: driver.figure("attention") is not None)
    driver.window.selection.update(layer=2)
    driver.wait(lambda: driver.figure("attention").layer == 2)
    assert phase(driver) is JobPhase.RUNNING
    assert driver.widget("jobs").isVisible()
    assert driver.widget("n_jobs").text() == "1 job"

    driver.click(driver.widget("n_jobs"))
    pause = driver.widget("job_1_pause")
    assert pause.hasFocus()
    QTest.keyClick(pause, Qt.Key.Key_Space)
    driver.wait(lambda: phase(driver) is JobPhase.PAUSED)
    assert driver.widget("job_1_text", QLabel).text().startswith("Paused before: Timing")
    assert driver.widget("sparse_job_pause").text() == "Resume"
    QTest.keyClick(pause, Qt.Key.Key_Space)
    assert phase(driver) is JobPhase.RUNNING
    QTest.keyClick(pause, Qt.Key.Key_Tab)
    cancel = driver.widget("job_1_cancel")
    assert cancel.hasFocus()
    QTest.keyClick(cancel, Qt.Key.Key_Space)
    driver.wait(lambda: phase(driver) is None)
    assert not driver.widget("jobs").isVisible()
    assert driver.figure("sparse").result is not None  # what came stays


@pytest.mark.own_engine
def test_a_short_measurement_says_that_it_is_done_and_closing_leaves_no_process(driver):
    measure(driver, lengths=1)
    driver.wait(lambda: driver.message() == "Layer times, d = 256, n = 64\N{EN DASH}512: done.", 200)
    assert (driver.figure("sparse").result.seconds > 0).all()
    assert not driver.widget("jobs").isVisible()
    assert not driver.widget("n_jobs").isVisible()
    measure(driver)
    driver.wait(lambda: driver.figure("sparse").result is not None)
    pid = driver.window.jobs._records[2].link.pid
    driver.window.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
