"""An engine at the end of a line: what it is asked before, what is believed of it, and what a broken line costs."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager

import pytest

from app import VERSION
from app.link.remote.address import parse_address
from app.link.remote.remote_link import RemoteLink, remote_job_link, remote_link
from app.link.remote.sent_files import READ
from inference.results.embedding import OpenedVectors, OpenVectorsRequest
from inference.results.events import Failure, Progress
from inference.results.hub import CachedRequest, CachedResult
from inference.results.positions import PositionsRequest, PositionsResult
from inference.results.train_word2vec import TrainWord2VecRequest
from tests.fake_ssh import FakeSsh
from tests.house_rules import ROOT


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    fake = FakeSsh(tmp_path)
    monkeypatch.setenv("HEADLIGHT_SSH", str(fake.program))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return fake


@contextmanager
def line(text: str = "ssh://lab@gpu1:headlight", make=remote_link):
    link = make(parse_address(text))
    try:
        yield link
    finally:
        link.close()


def ask(link: RemoteLink, wish: str, report=lambda event: None):
    return link.run(PositionsRequest(wish), report)


def told(link: RemoteLink, wish: str, report=lambda event: None) -> str:
    failure = ask(link, wish, report)
    assert isinstance(failure, Failure)
    return failure.message


@pytest.mark.parametrize("mode", ["ok", "noise"])
def test_an_engine_says_who_it_is_and_answers_again_and_again_over_one_line(ssh, mode):
    ssh.does(mode)
    with line() as link:
        first, second = ask(link, "a"), ask(link, "b")
        assert isinstance(first, PositionsResult)
        assert isinstance(second, PositionsResult)
        assert first.tables[0].column_start == second.tables[0].column_start == link.pid
        assert link.hello is not None
        assert link.hello.version == VERSION
        assert not first.tables[0].values.flags.writeable
    assert len(ssh.calls) == 1


def test_ssh_is_given_the_machine_behind_two_dashes_and_may_ask_nothing(ssh):
    with line() as link:
        ask(link, "a")
    (call,) = ssh.calls
    assert "'BatchMode=yes'" in call
    assert "'--', 'lab@gpu1', " in call


def test_a_line_that_breaks_in_mid_result_costs_that_result_and_is_made_again(ssh):
    with line() as link:
        ask(link, "a")
        before = link.pid
        assert told(link, "cut") == (
            "The line to gpu1 was lost (client_loop: send disconnect: Broken pipe), and is there again."
            " Press F5 to ask once more."
        )
        assert isinstance(ask(link, "a"), PositionsResult)
        assert link.pid != before


def test_a_line_that_broke_while_nobody_asked_costs_nothing(ssh):
    with line() as link:
        ask(link, "a")
        link._process.kill()
        link._process.wait()
        assert isinstance(ask(link, "b"), PositionsResult)


def test_an_engine_that_ran_out_of_memory_there_is_told_as_that(ssh):
    with line() as link:
        assert told(link, "die").startswith("The engine on gpu1 ran out of memory, ended, and is there again.")


def test_tries_are_bounded_and_told(ssh, monkeypatch):
    monkeypatch.setattr(RemoteLink, "PAUSES", (0.01, 0.02))
    ssh.does("ok refused refused refused ok")
    said: list[object] = []
    with line() as link:
        assert (
            "gpu1 cannot be reached (ssh: connect to host gpu1 port 22: Connection refused), also after 3 tries"
            in told(link, "cut", said.append)
        )
        assert [event.label for event in said if isinstance(event, Progress)][1:] == [
            "Connecting to gpu1",
            "Connecting to gpu1 again, try 1",
            "Connecting to gpu1 again, try 2",
        ]
        assert isinstance(ask(link, "a"), PositionsResult)


def test_the_first_line_is_tried_once(ssh):
    ssh.does("refused")
    with line() as link:
        assert told(link, "a").startswith(
            "gpu1 cannot be reached (ssh: connect to host gpu1 port 22: Connection refused)."
        )
    assert len(ssh.calls) == 1


def test_a_pause_between_two_tries_ends_when_nobody_waits_any_more(ssh, monkeypatch):
    monkeypatch.setattr(RemoteLink, "PAUSES", (1000.0,))
    ssh.does("ok refused")
    with line() as link:
        assert ask(link, "cut", lambda event: link.cancel() if "again" in event.label else None) is None


def test_a_cancelled_computation_ends_and_the_line_stays(ssh):
    with line() as link:
        assert ask(link, "forever", lambda event: link.cancel() if event.label == "for ever" else None) is None
        pid = link.pid
        assert isinstance(ask(link, "a"), PositionsResult)
        assert link.pid == pid


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("version", f"gpu1 has Headlight 0.0.9, and here it is {VERSION}: both ends must be the same version."),
        ("garbage", "gpu1 did not answer as Headlight does (Welcome to gpu1)."),
        ("denied", "gpu1 cannot be reached (lab@gpu1: Permission denied (publickey)); what works in a terminal"),
    ],
)
def test_another_end_is_refused_in_one_sentence_that_says_what_it_is(ssh, mode, sentence):
    ssh.does(mode)
    with line() as link:
        assert told(link, "a").startswith(sentence)
    assert len(ssh.calls) == 1


def test_an_end_that_says_nothing_is_given_up(ssh, monkeypatch):
    monkeypatch.setattr(RemoteLink, "CONNECT", 0.05)
    ssh.does("silent")
    with line() as link:
        over = threading.Event()

        def look() -> None:
            while not over.wait(0.02):
                link.kill_if_hung()

        watchdog = threading.Thread(target=look)
        watchdog.start()
        assert told(link, "a").startswith("gpu1 did not answer within")
        over.set()
        watchdog.join()


@pytest.mark.parametrize(
    ("wish", "why"), [("huge", "arrays of 32000000000 bytes"), ("wrong", "no answer to Positions")]
)
def test_what_is_no_answer_ends_the_line_before_memory_is_taken_for_it(ssh, wish, why):
    with line() as link:
        sentence = told(link, wish)
        assert sentence.startswith(f"gpu1 sent what is no answer of Headlight ({why}")
        assert sentence.endswith("and the line was cut, and is there again. Press F5 to ask once more.")
        assert isinstance(ask(link, "a"), PositionsResult)


def test_a_file_that_a_request_names_is_sent_once_and_has_its_name_here_in_the_answer(ssh, tmp_path):
    (tmp_path / "my vectors.txt").write_bytes(b"12345")
    path = str(tmp_path / "my vectors.txt")
    with line() as link:
        for _ in range(2):
            assert link.run(OpenVectorsRequest(path), lambda event: None) == OpenedVectors(path, 5, 1)
        inbox = link.hello.inbox
        assert sorted(os.listdir(os.path.join(inbox, os.listdir(inbox)[0]))) == ["my vectors.txt"]


def test_a_file_too_large_to_be_sent_is_refused_with_its_size(ssh, tmp_path):
    with (tmp_path / "large.txt").open("wb") as file:
        file.truncate(300 * 2**20)
    with line() as link:
        failure = link.run(OpenVectorsRequest(str(tmp_path / "large.txt")), lambda event: None)
        assert failure.kind == "refused"
        assert failure.message.startswith("large.txt is 300 MB, and at most 256 MB are sent")
        assert "train them in a window that computes here" in (
            link.run(TrainWord2VecRequest("a b", "/x.npz"), lambda event: None).message
        )


def test_every_field_that_names_a_file_of_the_users_is_known_to_be_one():
    import dataclasses
    from importlib import import_module

    from inference.service import wire

    found = set()
    for module in wire.MODULES:
        for cls in vars(import_module(f"inference.results.{module}")).values():
            if dataclasses.is_dataclass(cls):
                found |= {(cls.__name__, f.name) for f in dataclasses.fields(cls) if f.name in ("path", "corpus")}
    answers = {("NgramsResult", "corpus")}  # its name alone
    assert found - answers <= {(cls.__name__, name) for cls, name in READ.items()}


def test_a_job_has_a_line_of_its_own_to_the_real_program(ssh):
    ssh.does("real")
    with line(f"gpu1:{ROOT}", remote_job_link) as link:
        assert isinstance(link.run(CachedRequest(), lambda event: None), CachedResult)


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        ("/no such 'folder'", "gpu1 has no folder /no such 'folder': write after a colon where Headlight lies."),
        ("/", "gpu1 has a folder /, but no Headlight in it."),
    ],
)
@pytest.mark.parametrize("mode", ["real", "ends-later"])
def test_a_folder_without_headlight_is_told(ssh, folder, sentence, mode):
    ssh.does(mode)
    with line(f"gpu1:{folder}", remote_job_link) as link:
        assert link.run(CachedRequest(), lambda event: None).message == sentence


def test_a_program_in_place_of_ssh_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("HEADLIGHT_SSH", "/no/such/ssh")
    with line() as link:
        assert told(link, "a").startswith("gpu1 cannot be reached: no such file or directory (/no/such/ssh).")


def test_a_machine_without_ssh_says_so(monkeypatch):
    monkeypatch.delenv("HEADLIGHT_SSH", raising=False)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with line() as link:
        assert told(link, "a").startswith("gpu1 cannot be reached: no program ssh was found on this machine.")
