"""The dialog asks nobody by itself, tells what it was told, and offers what can be done with it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QTreeWidget, QWidget

from app.hub import hub_page, machine_page
from app.hub.hub import Hub
from app.hub.lecture import suggested
from app.hub.sizes import size_text
from inference.checkpoints.hub.address import read_address
from inference.context import Context
from inference.results.conversion import ConvertRequest, ConvertResult
from inference.results.devices import Device, DevicesResult
from inference.results.events import Failure, Progress
from inference.results.hub import (
    CachedRequest,
    CachedResult,
    CachedRevision,
    DeleteCachedRequest,
    DeleteCachedResult,
    DownloadRequest,
    DownloadResult,
    FolderEntry,
    FolderRequest,
    FolderResult,
    FolderViewsRequest,
    RepoRequest,
    RepoResult,
)
from inference.results.job import JobPhase, JobState
from inference.service.engine import Engine
from resources import CHECKPOINTS
from tests.factories import make_checkpoint_info

COMMIT = "a" * 40
FOUND = RepoResult(
    "org/x", "main", COMMIT, "mit", "", "", "bert", False, False, "safetensors", ("config.json",), 2_000_000, 0, 10**9
)
CACHED = CachedRevision("org/x", COMMIT, ("main",), "/cache/x", 2_000_000, "bert", 0.0, "")
PICKLE = replace(CACHED, repo="org/old", folder="/cache/old", why_not="org/old holds its weights only as pickles.")


class FakeJobs(QObject):
    added, changed = Signal(object), Signal(object)
    arrived, failed = Signal(int, object, object, bool), Signal(int, object, object)

    def __init__(self):
        super().__init__()
        self.submitted, self.cancelled, self.acted = [], [], []

    @property
    def states(self):
        return [JobState(i, one, JobPhase.RUNNING) for i, one in enumerate(self.submitted)]

    def submit(self, request):
        self.submitted.append(request)
        return len(self.submitted) - 1

    def cancel(self, number):
        self.cancelled.append(number)

    def act(self, number, action):
        self.acted.append((number, action))

    def shutdown(self):
        pass

    def answer(self, result, is_partial=False):
        self.arrived.emit(0, self.submitted[-1], result, is_partial)


class FakeWindow(QObject):
    """What the hub needs of the window."""

    browse_elsewhere = Signal(str)

    def __init__(self):
        super().__init__()
        self.opened, self.said = [], []

    def open(self, folder):
        self.opened.append(folder)

    def say(self, sentence, is_warning, about):
        self.said.append(sentence)

    def refuse(self, sentence):
        self.said.append(sentence)


class FakeController(QObject):
    opened, devices_told = Signal(object), Signal(object)
    elsewhere = None

    def __init__(self):
        super().__init__()
        self.checkpoint = None
        self.n_asked = 0

    def ask_for_devices(self):
        self.n_asked += 1


class Page:
    """The dialog as a user has it."""

    def __init__(self, parent, tmp_path):
        self.window, self.jobs, self.asking = FakeWindow(), FakeJobs(), FakeJobs()
        self.controller = FakeController()
        self.hub = Hub(
            self.window, self.controller, self.jobs, self.window, tmp_path / "settings.json", parent, asking=self.asking
        )
        self.parent = parent

    def __getattr__(self, name):
        found = self.parent.findChild(QWidget, name)
        assert found is not None, name
        return found

    def click(self, name):
        QTest.mouseClick(getattr(self, name), Qt.MouseButton.LeftButton)

    def look_up(self, address="org/x"):
        self.hub.show_hub()
        self.hub_address.setText(address)
        self.click("hub_look")


@pytest.fixture
def page(qtbot, tmp_path):
    parent = QWidget()
    parent.resize(1200, 800)
    qtbot.addWidget(parent)
    parent.show()
    yield Page(parent, tmp_path)
    for dialog in parent.findChildren(QDialog):
        dialog.close()  # else the pointer of later tests is over it


def test_nothing_is_asked_before_the_user_asks(page):
    page.hub.show_hub()
    page.hub_address.setText("org/x")
    assert page.asking.submitted == page.jobs.submitted == []
    assert not page.hub_download.isEnabled()
    assert page.hub_download.toolTip() == "Look it up first."
    page.click("hub_look")
    assert page.asking.submitted == [RepoRequest("org/x")]
    assert not page.hub_look.isEnabled()


def test_what_is_on_this_machine_is_asked_also_where_its_tab_is_clicked(page):
    page.hub.show_hub()
    assert page.asking.submitted == []
    page.hub_tabs.setCurrentIndex(0)
    assert CachedRequest() in page.asking.submitted


def test_what_it_is_comes_before_its_views_and_a_click_fetches_it(page):
    page.look_up()
    page.asking.answer(FOUND, is_partial=True)
    assert "Licence: mit\nLanguages: not said\n" in page.hub_facts.toPlainText()
    assert "Views" not in page.hub_facts.toPlainText()
    page.asking.answer(replace(FOUND, info=make_checkpoint_info(), is_whole=True))
    assert "Views that it has\n" in page.hub_facts.toPlainText()
    assert page.hub_said.text() == "2.0 MB will come."
    page.click("hub_download")
    assert page.jobs.submitted == [DownloadRequest("org/x", COMMIT, "main")]


def test_a_download_is_told_of_steered_and_opened(page):
    page.look_up()
    page.asking.answer(replace(FOUND, is_whole=True))
    page.click("hub_download")
    running = JobState(0, page.jobs.submitted[0], JobPhase.RUNNING, Progress(1, 2, "1.0 of 2.0 MB: model.safetensors"))
    page.jobs.changed.emit(running)
    assert page.hub_job.isVisible()
    assert not page.hub_download.isEnabled()
    page.click("hub_job_pause")
    assert page.jobs.acted[0][0] == 0
    page.jobs.answer(DownloadResult("org/x", "/cache/x", 2_000_000))
    page.jobs.changed.emit(replace(running, phase=JobPhase.DONE))
    assert not page.hub_job.isVisible()
    page.click("hub_open")
    assert page.window.opened == ["/cache/x"]


def test_much_is_fetched_only_after_a_question(page, monkeypatch):
    asked = []
    monkeypatch.setattr(hub_page, "ask_plain", lambda *args: asked.append(args[3]))
    page.look_up()
    page.asking.answer(replace(FOUND, n_bytes=3 * 10**9, is_whole=True))
    page.click("hub_download")
    assert asked == ["3.00 GB of org/x are to come, and 1.00 GB are free on the disk."]
    assert page.jobs.submitted == []


def test_what_cannot_be_opened_is_not_fetched(page):
    page.look_up()
    page.asking.answer(replace(FOUND, why_not="org/x holds its weights only as pickles.", is_whole=True))
    assert page.hub_said.text() == page.hub_download.toolTip() == "org/x holds its weights only as pickles."
    assert not page.hub_download.isEnabled()


def test_a_failure_is_one_sentence_and_it_can_be_tried_again(page):
    page.look_up()
    page.asking.failed.emit(0, page.asking.submitted[-1], Failure("refused", "The hub cannot be reached."))
    assert page.hub_said.text() == "The hub cannot be reached."
    assert page.hub_look.isEnabled()


def test_what_was_asked_before_is_not_told_of_another_address(page):
    page.look_up()
    page.hub_address.setText("org/y")
    page.asking.answer(FOUND)
    assert page.hub_facts.toPlainText() == ""
    page.click("hub_look")
    assert page.asking.cancelled == [0]


def test_a_suggestion_fills_the_field_and_says_what_to_look_at(page):
    page.hub.show_hub()
    tree = page.hub_suggested
    tree.setCurrentItem(tree.topLevelItem(0).child(0))
    assert page.hub_address.text() == suggested()[0].id
    assert suggested()[0].look_at in page.hub_said.text()
    assert "has not been tried" in page.hub_said.text()
    page.hub_address.setText("org/x")
    assert tree.currentItem() is None


def test_every_suggestion_is_an_id_with_something_to_look_at():
    for one in suggested():
        assert read_address(one.id).repo == one.id
        assert one.megabytes > 0
        assert one.look_at
        assert one.licence
    assert len({one.id for one in suggested()}) == len(suggested())


def test_pickles_are_fetched_after_a_question_converted_and_opened(page, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(hub_page, "ask_plain", lambda *args: asked.append(args[3]) or True)
    page.look_up()
    page.asking.answer(replace(FOUND, why_not="Only pickles.", weights="pickle", can_convert=True, is_whole=True))
    page.click("hub_download")
    assert "pickles, which can run code" in asked[0]
    assert page.jobs.submitted == [DownloadRequest("org/x", COMMIT, "main", takes_pickles=True)]
    page.jobs.answer(DownloadResult("org/x", "/cache/x", 2_000_000, "/cache/x"))
    assert page.jobs.submitted[-1] == ConvertRequest("/cache/x", str(tmp_path / "converted"))
    assert page.window.opened == []
    page.jobs.answer(ConvertResult("/converted/x", 9, 2_000_000))
    assert page.window.opened == ["/converted/x"]


def test_pickles_on_this_machine_are_converted_after_a_question(page, monkeypatch, tmp_path):
    page.hub.show_machine()
    page.asking.answer(CachedResult("/cache", (replace(PICKLE, can_convert=True),)))
    chosen(page, "org/old")
    assert page.machine_open.text() == "&Convert…"
    monkeypatch.setattr(machine_page, "ask_plain", lambda *_: False)
    page.click("machine_open")
    assert page.jobs.submitted == []
    monkeypatch.setattr(machine_page, "ask_plain", lambda *_: True)
    page.click("machine_open")
    assert page.jobs.submitted == [ConvertRequest("/cache/old", str(tmp_path / "converted"))]


def test_a_gguf_file_on_this_machine_is_converted_after_another_question(page, monkeypatch, tmp_path):
    page.hub.show_machine()
    page.asking.answer(CachedResult("/cache", (replace(PICKLE, can_convert=True, file="a.gguf"),)))
    chosen(page, "org/old")
    questions = []
    monkeypatch.setattr(machine_page, "ask_plain", lambda *args: questions.append(args[3]) or True)
    page.click("machine_open")
    assert "reads no GGUF as it is" in questions[0]
    assert page.jobs.submitted == [ConvertRequest("/cache/old/a.gguf", str(tmp_path / "converted"))]


def test_one_of_several_gguf_files_is_chosen_fetched_and_converted(page, monkeypatch, tmp_path):
    page.look_up()
    several = replace(
        FOUND, weights="gguf", files=("README.md", "x.q8_0.gguf"), n_bytes=3_001_000, can_convert=True, is_whole=True,
        choices=(("x.q2_k.gguf", 1_000_000), ("x.q8_0.gguf", 3_000_000)), why_not="Only GGUF.",
    )  # fmt: skip
    page.asking.answer(several)
    assert page.hub_file.isVisible()
    assert page.hub_file.currentText() == "x.q8_0.gguf (3.0 MB)"
    page.hub_file.setCurrentIndex(0)
    assert "1.0 MB will come." in page.hub_said.text()
    page.asking.answer(replace(several, card="later"))
    assert page.hub_file.currentData() == "x.q2_k.gguf"
    questions = []
    monkeypatch.setattr(hub_page, "ask_plain", lambda *args: questions.append(args[3]) or True)
    page.click("hub_download")
    assert "reads no GGUF as it is" in questions[0]
    assert page.jobs.submitted == [DownloadRequest("org/x", COMMIT, "main", True, "x.q2_k.gguf")]
    page.jobs.answer(DownloadResult("org/x", "/cache/x", 1, "/cache/x/x.q2_k.gguf"))
    assert page.jobs.submitted[-1] == ConvertRequest("/cache/x/x.q2_k.gguf", str(tmp_path / "converted"))
    page.hub_address.setText("org/y")
    assert not page.hub_file.isVisible()


def test_steps_of_a_watched_folder_are_told_with_size_and_kind(page, tmp_path):
    step = shutil.copytree(CHECKPOINTS / "bert-mini", tmp_path / "run" / "checkpoint-500")
    assert page.hub.watching.watch(str(tmp_path / "run")) == ""
    page.hub.show_machine()
    asked = page.asking.submitted[-1]
    assert asked == FolderRequest(str(tmp_path / "run"))
    page.asking.answer(Engine().run(asked, Context()))
    row = page.machine_tree.topLevelItem(1).child(0)
    n_bytes = sum(file.stat().st_size for file in step.iterdir())
    assert [row.text(i) for i in range(4)] == ["checkpoint-500", "500", size_text(n_bytes), "bert"]


def test_folders_of_another_machine_are_gone_through_and_a_checkpoint_in_one_is_opened(page):
    page.controller.elsewhere = SimpleNamespace(name="gpu1", kept=lambda name: f"/there/{name}")
    page.window.browse_elsewhere.emit("/models")
    assert page.asking.submitted == [FolderRequest("/models")]
    entries = FolderEntry("new", "/models/new", False), FolderEntry("x", "/models/x", True, "bert", 2_000_000)
    page.asking.answer(FolderResult("/models", "/", entries))
    assert page.folders_said.text() == "1 checkpoint, 1 other folder."
    assert [page.folders_tree.topLevelItem(1).text(i) for i in range(3)] == ["x", "bert", "2.0 MB"]
    page.folders_tree.setCurrentItem(page.folders_tree.topLevelItem(0))
    page.click("folders_open")
    assert page.asking.submitted[-1] == FolderRequest("/models/new")
    assert not page.folders_tree.isEnabled()
    page.asking.failed.emit(0, page.asking.submitted[-1], Failure("refused", "No."))
    assert page.folders_said.text() == "No. The list is still that of /models."
    page.folders_tree.setCurrentItem(page.folders_tree.topLevelItem(1))
    page.click("folders_open")
    assert page.window.opened == ["/models/x"]
    page.hub.show_machine()
    assert not page.machine_watch.isEnabled()
    page.asking.answer(CachedResult("/cache", (PICKLE,)))
    page.hub._convert("/cache/old")
    assert page.jobs.submitted == [ConvertRequest("/cache/old", "/there/converted")]


def test_foreign_text_is_plain(page):
    page.look_up()
    page.asking.answer(
        replace(FOUND, licence="<b>mit</b>\n\x00x", why_not="<img src=file:///etc/passwd>", is_whole=True)
    )
    assert "<b>mit</b>" in page.hub_facts.toPlainText()
    assert page.hub_said.textFormat() == Qt.TextFormat.PlainText
    assert "&lt;img" in page.hub_download.toolTip()


def chosen(page, name):
    tree = page.machine_tree
    group = tree.topLevelItem(0)
    (item,) = [group.child(i) for i in range(group.childCount()) if group.child(i).text(0) == name]
    tree.setCurrentItem(item)


def test_what_is_on_this_machine_is_opened_looked_at_and_deleted(page, monkeypatch):
    page.hub.show_machine()
    assert page.asking.submitted == [CachedRequest()]
    page.asking.answer(CachedResult("/cache", (CACHED, PICKLE), 5_000_000))
    assert "5.0 MB are of downloads that were stopped" in page.machine_said.text()
    assert not page.machine_open.isEnabled()
    chosen(page, "org/x")
    page.click("machine_open")
    assert page.window.opened == ["/cache/x"]
    page.click("machine_views")
    assert page.asking.submitted[-1] == FolderViewsRequest("/cache/x")
    page.asking.answer(make_checkpoint_info())
    assert "Views that it has\n" in page.machine_facts.toPlainText()
    n_asked, questions = len(page.asking.submitted), []
    monkeypatch.setattr(machine_page, "ask_plain", lambda *args: questions.append(args[3]))
    page.click("machine_delete")
    assert len(page.asking.submitted) == n_asked
    assert questions[0].startswith(f"Delete {CACHED.repo} (")
    monkeypatch.setattr(machine_page, "ask_plain", lambda *_: True)
    page.click("machine_delete")
    assert page.asking.submitted[-1] == DeleteCachedRequest("org/x", COMMIT)
    page.asking.answer(DeleteCachedResult("org/x", 2_000_000, 1))
    assert page.asking.submitted[-1] == CachedRequest()


def test_what_is_told_of_one_goes_when_another_is_chosen(page):
    page.hub.show_machine()
    other = replace(CACHED, repo="org/y", folder="/cache/y")
    page.asking.answer(CachedResult("/cache", (CACHED, other, PICKLE)))
    usual = page.machine_said.text()
    chosen(page, "org/x")
    page.click("machine_views")
    asked = page.asking.submitted[-1]
    page.asking.answer(make_checkpoint_info())
    assert page.machine_facts.toPlainText()
    chosen(page, "org/old")
    assert page.machine_facts.toPlainText() == ""
    chosen(page, "org/y")
    assert page.machine_said.text() == usual  # and no longer why the one before cannot be opened
    page.asking.arrived.emit(0, asked, make_checkpoint_info(), False)
    page.asking.failed.emit(0, asked, Failure("refused", "No."))
    assert (page.machine_facts.toPlainText(), page.machine_said.text()) == ("", usual)
    page.click("machine_views")
    page.asking.answer(make_checkpoint_info())
    told = page.machine_facts.toPlainText()
    page.asking.arrived.emit(0, CachedRequest(), CachedResult("/cache", (CACHED, other, PICKLE)), False)
    assert page.machine_facts.toPlainText() == told  # the list came again, and the same is chosen


def test_how_far_a_download_is_stands_beside_that_checkpoint_alone(page):
    page.look_up()
    page.asking.answer(replace(FOUND, is_whole=True))
    page.click("hub_download")
    running = JobState(0, page.jobs.submitted[0], JobPhase.RUNNING, Progress(1, 2, "1.0 of 2.0 MB: model.safetensors"))
    page.jobs.changed.emit(running)
    page.hub_address.setText("org/y")
    page.click("hub_look")
    assert not page.hub_job.isVisible()
    page.asking.answer(replace(FOUND, repo="org/y", is_whole=True))
    assert not page.hub_job.isVisible()
    page.hub_address.setText("org/x")
    page.click("hub_look")
    page.asking.answer(replace(FOUND, is_whole=True))
    assert page.hub_job.isVisible()
    page.hub_address.setText("org/y")
    page.click("hub_look")
    page.jobs.changed.emit(replace(running, phase=JobPhase.FAILED, message="No."))
    page.hub_address.setText("org/x")
    page.click("hub_look")
    page.asking.answer(replace(FOUND, is_whole=True))
    assert not page.hub_job.isVisible()
    assert page.hub_download.isEnabled()


def test_what_cannot_be_opened_says_why(page):
    page.hub.show_machine()
    page.asking.answer(CachedResult("/cache", (CACHED, PICKLE)))
    chosen(page, "org/old")
    assert not page.machine_open.isEnabled()
    assert page.machine_said.text() == PICKLE.why_not


def test_every_control_can_be_named_and_reached(page):
    page.hub.show_hub()
    controls = page.hub_dialog.findChildren(QWidget)
    for control in controls:
        is_own = not control.objectName().startswith("qt_") and bool(control.objectName())
        if isinstance(control, QLineEdit | QTreeWidget | QPlainTextEdit) and is_own:
            assert control.accessibleName(), control.objectName()
        if isinstance(control, QPushButton):
            assert control.text(), control.objectName()
    assert all(one.textFormat() == Qt.TextFormat.PlainText for one in page.hub_dialog.findChildren(QLabel))


# Facts, memory and the card


def test_the_card_of_the_hub_is_shown_and_its_links_are_only_told(page):
    page.look_up()
    assert not page.hub_about.isTabEnabled(1)
    page.asking.answer(replace(FOUND, is_whole=True, card="# A card\n[the paper](https://example.org/p)"))
    assert page.hub_about.isTabEnabled(1)
    assert page.hub_card.toPlainText() == "A card\nthe paper"
    page.hub_card.anchorClicked.emit(QUrl("https://example.org/p"))
    assert page.hub_said.text() == "The card leads to https://example.org/p; Headlight opens no pages."
    page.hub_address.setText("org/y")
    assert (page.hub_card.toPlainText(), page.hub_about.isTabEnabled(1)) == ("", False)


def test_what_a_checkpoint_takes_is_told_for_the_chosen_length_and_the_device(page):
    info = replace(make_checkpoint_info(), n_parameters=10**8, stored_in="float16", d_model=1000, n_ctx=2000)
    page.controller.devices_told.emit(DevicesResult((Device("cpu", "CPU", 2**35, 2**34),), "cpu"))
    page.look_up()
    page.asking.answer(replace(FOUND, is_whole=True, info=info))
    held = 3 * 4 * 1000 * sum(len(group.layers) for group in info.groups)
    for n_tokens in (512, 1000, 5000):
        page.hub_length.setValue(n_tokens)
        n = min(n_tokens, 2000)
        told = f"400.0 MB for its weights (200.0 MB in the precision of the file); up to {size_text(n * held)} more to"
        most = ", the most that it reads" if n_tokens > n else ""
        assert f"Memory: {told} look at {n:,} tokens{most}\n" in page.hub_facts.toPlainText()
    assert "Free now: CPU: 16.0 of 32.0 GB free\n" in page.hub_facts.toPlainText()


def test_the_open_checkpoint_has_a_page_of_its_own(page):
    page.controller.checkpoint = replace(make_checkpoint_info(), checkpoint="bert-mini", name="bert-mini")
    page.hub.show_open()
    assert page.now_facts.toPlainText().startswith("bert-mini\n")
    assert "bert-mini" in page.now_card.toPlainText()
    assert page.controller.n_asked == 1
    page.controller.checkpoint = replace(page.controller.checkpoint, checkpoint="gpt-mini", name="gpt-mini")
    page.controller.opened.emit(page.controller.checkpoint)
    assert page.now_facts.toPlainText().startswith("gpt-mini\n")
