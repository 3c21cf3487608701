"""Word vectors in the real window: neighbours, a sliding window, and word2vec trained, paused, stopped and opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QSpinBox, QTabWidget

from inference.models.word_vectors import WordVectors, open_vectors
from inference.results.job import JobPhase

pytestmark = pytest.mark.xvfb


def page(driver, number):
    driver.widget("embedding_pages", QTabWidget).setCurrentIndex(number)


def phase(driver, number=1):
    return next((state.phase for state in driver.window.jobs.states if state.number == number), None)


@pytest.fixture
def embedding(driver):
    driver.tab("embedding")
    driver.wait(lambda: driver.figure("embedding") is not None)
    return driver


def test_neighbours_analogies_and_the_window(embedding):
    driver = embedding
    assert driver.figure("embedding").result.word == "king"
    driver.type_text("word_map_word", "red")
    driver.wait(lambda: driver.figure("embedding").result.word == "red")
    assert "blue" in driver.figure("embedding").result.neighbours
    page(driver, 1)
    driver.wait(lambda: type(driver.figure("embedding")).__name__ == "AnalogyFigure")
    assert "queen" in driver.figure("embedding").candidates
    page(driver, 2)
    driver.wait(lambda: type(driver.figure("embedding")).__name__ == "SlidingWindowFigure")
    driver.click(driver.widget("sliding_window_forth"))
    assert driver.figure("embedding").number == 1


def test_word2vec_is_trained_paused_stopped_and_opened(embedding, tmp_path, monkeypatch):
    driver, out, text = embedding, tmp_path / "v.npz", tmp_path / "book.txt"
    text.write_text(
        "the cat sat on the mat. the dog sat on the bed. a red bird saw the cat.\n" * 10_000, encoding="utf-8"
    )
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(text), ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    page(driver, 3)
    driver.widget("word2vec_epochs", QSpinBox).setValue(100)
    driver.click(driver.widget("word2vec_text"))
    driver.click(driver.widget("word2vec_train"))
    driver.wait(lambda: driver.figure("embedding") is not None)
    assert phase(driver) is JobPhase.RUNNING
    pause = driver.widget("word2vec_job_pause")
    driver.click(pause)
    driver.wait(lambda: phase(driver) is JobPhase.PAUSED)
    assert pause.text() == "Resume"
    QTest.keyClick(pause, Qt.Key.Key_Space)
    driver.wait(lambda: len(driver.figure("embedding").result.losses) > 1)
    driver.wait(out.exists)
    driver.click(driver.widget("word2vec_job_cancel"))
    driver.wait(lambda: phase(driver) is None)
    assert "cat" in open_vectors(out).words
    share = driver.figure("embedding").result.share
    driver.click(driver.widget("word2vec_go_on"))
    driver.wait(lambda: phase(driver, 2) is JobPhase.RUNNING)
    driver.wait(lambda: driver.figure("embedding").result.share > share)
    driver.click(driver.widget("word2vec_job_cancel"))
    driver.wait(lambda: phase(driver, 2) is None)
    driver.click(driver.widget("word2vec_open"))
    driver.wait(lambda: driver.figure("embedding") is not None and "v.npz" in driver.figure("embedding").caption)


def drop(driver, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), copy, data, left, none)  # without it, Qt delivers no drop
    QApplication.sendEvent(driver.window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(driver.window, QDropEvent(QPointF(9, 9), copy, data, left, none))


def test_a_file_of_vectors_is_dropped_wherever_one_is(driver):
    assert driver.window.area.current == "heads"
    drop(driver, Path(__file__).parents[1] / "inference" / "files" / "gensim-4.4.0.kv")
    driver.wait(
        lambda: driver.figure("embedding") is not None and "gensim-4.4.0.kv" in driver.figure("embedding").caption
    )
    assert driver.window.area.current == "embedding"


def test_word2vecs_text_and_binary_files_are_dropped_and_damaged_ones_are_refused(driver, tmp_path):
    words = ("red", "blue", "dog", "cat", "mother", "king")
    angles = np.radians([0, 10, 90, 97, 200, 215])  # pairs that are near each other
    table = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    for name in ("v.txt", "v.bin"):
        WordVectors(words, table).save(tmp_path / name)
        drop(driver, tmp_path / name)
        driver.wait(
            lambda name=name: (
                driver.figure("embedding") is not None
                and f"{name}: 6 vectors of 2" in driver.figure("embedding").caption
            )
        )
        driver.type_text("word_map_word", "cat")
        driver.wait(lambda: driver.figure("embedding").result.word == "cat")
        assert driver.figure("embedding").result.neighbours[0] == "dog"
        driver.type_text("word_map_word", "mother")
        driver.wait(lambda: driver.figure("embedding").result.word == "mother")
        assert driver.figure("embedding").result.neighbours[0] == "king"
    damage = {
        "v.txt": (lambda whole: whole.replace(b"dog ", b"dog x"), "is no number in line 4"),
        "v.bin": (lambda whole: whole[:10], "holds no vector"),
    }
    for name, (spoiled, why) in damage.items():
        damaged = tmp_path / f"damaged-{name}"
        damaged.write_bytes(spoiled((tmp_path / name).read_bytes()))
        drop(driver, damaged)
        driver.wait(lambda told=(damaged.name, why): any(all(part in text for part in told) for text in seen(driver)))


def seen(driver):
    """What stands in the window."""
    return [label.text() for label in driver.window.findChildren(QLabel) if label.isVisible()] + [driver.message()]


def test_word2vecs_text_and_binary_files_are_opened_by_dialog(embedding, tmp_path, monkeypatch):
    driver = embedding
    words = ("red", "blue", "dog", "cat", "mother", "king")
    table = np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)
    for name in ("v.txt", "v.bin"):
        WordVectors(words, table).save(tmp_path / name)
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, name=name: (str(tmp_path / name), ""))
        driver.click(driver.widget("embedding_open"))
        driver.wait(lambda name=name: name in driver.figure("embedding").caption)
        assert "6 vectors of 8 numbers" in driver.figure("embedding").caption
