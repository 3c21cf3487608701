"""A checkpoint comes whole, checked, into the hub's own cache; what was stopped goes on."""

from __future__ import annotations

import errno
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

import pytest
from huggingface_hub import hf_hub_download

from inference.checkpoints.hub import download as downloading
from inference.checkpoints.hub.cache import cached, delete_cached
from inference.checkpoints.hub.client import cache_folder
from inference.checkpoints.hub.download import download
from inference.checkpoints.hub.look import repo
from inference.checkpoints.inspection import inspect
from inference.context import Cancelled, Context, Refused
from inference.results.hub import CachedRequest, DeleteCachedRequest, DownloadRequest, RepoRequest
from tests.fake_hub import commit_of
from tests.hub_fixtures import MINI, partials

COMMIT = commit_of(MINI, "main")
WEIGHTS = "model.safetensors"


def fetch(context=None):
    return download(DownloadRequest(MINI, COMMIT), context or Context())


def test_it_is_what_was_looked_at_and_the_library_finds_it(fake_hub, monkeypatch):
    steps = []
    done = fetch(Context(steps.append))
    assert inspect(done.folder).name == MINI
    assert hf_hub_download(MINI, WEIGHTS, local_files_only=True, cache_dir=cache_folder()) == f"{done.folder}/{WEIGHTS}"
    files = {path.name for path in cache_folder().glob("models--*/snapshots/*/*")}
    assert files == {"README.md", "config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json"}
    assert not partials(cache_folder())
    assert done.n_bytes == sum(len(fake_hub.repos[MINI].files[name]) for name in files)
    assert steps[-1].done == steps[-1].total == done.n_bytes
    assert len([step for step in steps if WEIGHTS in step.label]) > 40  # each a chance to stop


def test_nothing_comes_twice(fake_hub):
    fetch()
    fake_hub.asked.clear()
    assert fetch().n_bytes == 0
    assert not [one for one in fake_hub.asked if one.method == "GET" and "/resolve/" in one.path]
    found = repo(RepoRequest(MINI), Context())
    assert found.folder
    assert found.n_there == found.n_bytes


def test_a_line_that_breaks_is_taken_up_where_it_broke(fake_hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    fake_hub.drops[WEIGHTS] = 2
    fetch()
    ranges = [one.range for one in fake_hub.sent(WEIGHTS) if one.host == "cdn"]
    assert len(ranges) == 3
    assert ranges[0] == ""
    assert all(int(one.removeprefix("bytes=").rstrip("-")) > 0 for one in ranges[1:])


def test_a_stopped_download_goes_on_another_time(fake_hub):
    class Stop:
        n = 0

        def __call__(self):
            self.n += 1
            return self.n > 30

    with pytest.raises(Cancelled):
        fetch(Context(is_cancelled=Stop()))
    (partial,) = partials(cache_folder())
    n_there = partial.stat().st_size
    assert n_there > 1_000_000
    assert cached(CachedRequest(), Context()).n_unfinished == n_there
    fake_hub.asked.clear()
    done = fetch()
    assert [one.range for one in fake_hub.sent(WEIGHTS) if one.host == "cdn"] == [f"bytes={n_there}-"]
    assert done.n_bytes == len(fake_hub.repos[MINI].files[WEIGHTS]) - n_there
    assert inspect(done.folder).name == MINI


def test_what_arrives_damaged_is_not_kept(fake_hub):
    fake_hub.damaged.add(WEIGHTS)
    with pytest.raises(Refused, match=rf"{WEIGHTS} of {MINI} arrived damaged"):
        fetch()
    assert not partials(cache_folder())
    assert not [path for path in cache_folder().glob("models--*/blobs/*") if path.stat().st_size > 1_000_000]
    fake_hub.damaged.clear()
    assert inspect(fetch().folder).name == MINI


def test_what_was_left_of_another_file_is_thrown_away(fake_hub):
    fake_hub.damaged.add(WEIGHTS)
    with pytest.raises(Refused):
        fetch()
    fake_hub.damaged.clear()
    fetch()
    (blob,) = [path for path in cache_folder().glob("models--*/blobs/*") if path.stat().st_size > 1_000_000]
    content = blob.read_bytes()
    delete_cached(DeleteCachedRequest(MINI), Context())
    blob.parent.mkdir(parents=True)
    (blob.parent / f"{blob.name}.headlight.incomplete").write_bytes(bytes(2_000_000) + content[2_000_000:3_000_000])
    assert inspect(fetch().folder).name == MINI


def test_a_busy_hub_is_waited_for(fake_hub):
    fake_hub.busy, said = 1, []
    fetch(Context(said.append))
    assert any("asks to wait 1 s" in step.label for step in said)


def test_waiting_can_be_stopped(fake_hub):
    fake_hub.busy, fake_hub.retry_after = 100, "600"
    stop = threading.Event()
    with pytest.raises(Cancelled):
        fetch(Context(lambda event: "asks to wait" in event.label and stop.set(), stop.is_set))


def test_no_room_is_said_before_anything_comes(fake_hub, monkeypatch):
    monkeypatch.setattr(downloading, "n_free", lambda _: 70_000_000)
    with pytest.raises(Refused, match=r"11 MB are missing, and the disk with .* has 70 MB free"):
        fetch()
    assert not [one for one in fake_hub.asked if "/resolve/" in one.path]


def test_a_disk_that_fills_up_on_the_way_keeps_what_came(fake_hub, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as fills:
        fills.setattr(downloading.os, "fsync", full)
        with pytest.raises(Refused, match=rf"^The disk with .* is full; what came of {MINI} is kept, make room"):
            fetch()
    assert partials(cache_folder())
    assert inspect(fetch().folder).name == MINI
    assert not partials(cache_folder())


class Proxy(BaseHTTPRequestHandler):
    """Forwards what it is asked for, or lets nothing through."""

    asked: ClassVar[list[str]] = []
    lets = True

    def do_GET(self):
        self.asked.append(urlsplit(self.path).netloc)
        if not self.lets:
            self.send_error(403)
            return
        address = urlsplit(self.path)
        line = HTTPConnection(address.netloc)
        line.request(self.command, f"{address.path}?{address.query}".rstrip("?"), headers=dict(self.headers))
        answer = line.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        line.close()

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def proxy(fake_hub, monkeypatch):
    """What the client is told to go through, for all hosts."""
    from huggingface_hub.utils import close_session

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(Proxy, "asked", [])
    close_session()  # which was made without it
    yield Proxy
    server.shutdown()
    server.server_close()


def test_all_of_it_comes_through_a_proxy(fake_hub, proxy):
    assert inspect(fetch().folder).name == MINI
    hosts = {urlsplit(address).netloc for address in (fake_hub.url, fake_hub.cdn)}
    assert set(proxy.asked) == hosts
    assert len(proxy.asked) == len(fake_hub.asked)


def test_a_proxy_that_lets_nothing_through_is_said(fake_hub, proxy, monkeypatch):
    monkeypatch.setattr(proxy, "lets", False)
    with pytest.raises(Refused, match="The hub does not give out"):
        fetch()
    assert fake_hub.asked == []


def test_a_cache_that_cannot_be_written_is_said(fake_hub):
    cache_folder().write_text("a file in its place")
    with pytest.raises(Refused, match=r"The hub's cache at .*hub cannot be written: not a directory"):
        fetch()


def test_two_at_once_fetch_it_once(fake_hub):
    fake_hub.gate.clear()
    done = []
    first, second = (threading.Thread(target=lambda: done.append(fetch())) for _ in range(2))
    first.start()
    assert fake_hub.held.wait(10)
    second.start()
    fake_hub.gate.set()
    first.join(20)
    second.join(20)
    assert len(done) == 2
    assert len([one for one in fake_hub.sent(WEIGHTS) if one.host == "cdn"]) == 1
    assert not partials(cache_folder())


def test_pickles_come_only_where_they_are_asked_for(fake_hub):
    del fake_hub.repos[MINI].files[WEIGHTS]
    with pytest.raises(Refused, match="only as pickles"):
        fetch()
    folder = download(DownloadRequest(MINI, COMMIT, takes_pickles=True), Context()).folder
    (listed,) = cached(CachedRequest(), Context()).revisions
    assert (listed.folder, listed.can_convert) == (folder, True)
    assert "only as pickles" in listed.why_not


def test_of_several_gguf_files_one_comes_and_is_named_as_what_is_to_be_converted(fake_hub):
    files = fake_hub.repos[MINI].files
    del files[WEIGHTS], files["pytorch_model.bin"]
    files |= {"m.Q2_K.gguf": b"G" * 10, "m.Q8_0.gguf": b"GG" * 10, "mmproj-x.gguf": b"G", "m-00001-of-00002.gguf": b"G"}
    found = repo(RepoRequest(MINI), Context())
    assert (found.weights, found.can_convert) == ("gguf", True)
    assert found.choices == (("m.Q2_K.gguf", 10), ("m.Q8_0.gguf", 20))
    assert "m.Q8_0.gguf" in found.files
    for file, comes in (("", "m.Q8_0.gguf"), ("m.Q2_K.gguf", "m.Q2_K.gguf")):
        done = download(DownloadRequest(MINI, COMMIT, "main", True, file), Context())
        assert done.to_convert == f"{done.folder}/{comes}"
    with pytest.raises(Refused, match=r"no file of weights 'config\.json' that could be chosen"):
        download(DownloadRequest(MINI, COMMIT, "main", True, "config.json"), Context())
    (listed,) = cached(CachedRequest(), Context()).revisions
    assert (listed.can_convert, listed.file) == (True, "m.Q8_0.gguf")
    with pytest.raises(Refused, match="one of its files can be made"):
        fetch()


def test_it_is_listed_and_deleted(fake_hub):
    done = fetch()
    (listed,) = cached(CachedRequest(), Context()).revisions
    assert (listed.repo, listed.commit, listed.refs, listed.version) == (MINI, COMMIT, ("main",), "main")
    assert (listed.folder, listed.kind, listed.why_not) == (done.folder, "bert", "")
    assert listed.n_bytes == done.n_bytes
    with pytest.raises(Refused, match="no version 'v9' of it is"):
        delete_cached(DeleteCachedRequest(MINI, "v9"), Context())
    gone = delete_cached(DeleteCachedRequest(MINI, COMMIT), Context())
    assert (gone.n_bytes, gone.n_versions) == (done.n_bytes, 1)
    assert cached(CachedRequest(), Context()).revisions == ()
    with pytest.raises(Refused, match=f"{MINI} is not in the hub's cache"):
        delete_cached(DeleteCachedRequest(MINI), Context())


def test_a_link_in_place_of_a_repository_is_not_followed(fake_hub, tmp_path):
    (tmp_path / "precious").mkdir()
    cache_folder().mkdir()
    (cache_folder() / "models--headlight--bert-mini").symlink_to(tmp_path / "precious")
    with pytest.raises(Refused, match="is a link to"):
        delete_cached(DeleteCachedRequest(MINI), Context())
    assert (tmp_path / "precious").exists()


def test_listing_and_deleting_ask_nobody(fake_hub):
    fetch()
    fake_hub.asked.clear()
    cached(CachedRequest(), Context())
    delete_cached(DeleteCachedRequest(MINI), Context())
    assert fake_hub.asked == []
