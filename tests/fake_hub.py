"""A hub on loopback for the real client: ids, versions, redirects to another host, and what goes wrong with each."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LARGE = 10_000  # bytes from which a file is given out by the other host, as the hub's large files are
CHUNK = 2**14


def commit_of(repo: str, revision: str) -> str:
    return hashlib.sha1(f"{repo}@{revision}".encode()).hexdigest()


@dataclass
class Repo:
    """Files of one version by name, and who may have them."""

    files: dict[str, bytes]
    revisions: tuple[str, ...] = ("main",)
    gated: str = ""
    is_private: bool = False
    card: dict[str, object] = field(default_factory=dict)
    config: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    host: str
    method: str
    path: str
    token: str
    range: str


class FakeHub:
    """Two servers: the hub, and the one that its large files are redirected to, whose host has another address.

    Attributes
    ----------
    asked
        All that came, in order.
    token
        That opens what is gated or private; `let_in` is the one that is known and was not let in.
    drops
        By file: how often its sending ends in the middle.
    damaged
        Files of which a byte is wrong.
    busy
        How many more requests are told to wait, and how long.
    gate
        While it is closed, files are held after their first chunk.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.asked: list[Asked] = []
        self.token, self.known = "hf_let_in", "hf_known"
        self.drops: Counter[str] = Counter()
        self.damaged: set[str] = set()
        self.busy = 0
        self.retry_after = "1"
        self.gate = threading.Event()
        self.gate.set()
        self.held = threading.Event()
        self._servers = [self._server(is_cdn) for is_cdn in (False, True)]
        self.url = f"http://127.0.0.1:{self._servers[0].server_port}"
        self.cdn = f"http://127.0.0.2:{self._servers[1].server_port}"

    def _server(self, is_cdn: bool) -> ThreadingHTTPServer:
        hub = self

        class Handler(_Handler):
            def __init__(self, *args: object) -> None:
                self.hub, self.is_cdn = hub, is_cdn
                super().__init__(*args)

        server = ThreadingHTTPServer(("127.0.0.2" if is_cdn else "127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server

    def close(self) -> None:
        self.gate.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def sent(self, name: str) -> list[Asked]:
        """What was asked for a file by GET where it is given out."""
        return [one for one in self.asked if one.method == "GET" and one.path.endswith(f"/{name}")]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub
    is_cdn: bool

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        hub.asked.append(
            Asked("cdn" if self.is_cdn else "hub", self.command, path, token, self.headers.get("Range", ""))
        )
        if hub.busy > 0:
            hub.busy -= 1
            self._refuse(429, "", {"Retry-After": hub.retry_after})
        elif self.is_cdn:
            _, repo, name = re.fullmatch(r"/(cdn)/(.+?)/-/(.+)", path).groups()
            self._send_file(hub.repos[repo].files[name], name, {})
        elif found := re.fullmatch(r"/api/models/(.+?)/revision/(.+)", path):
            self._model(*found.groups(), token)
        elif found := re.fullmatch(r"/api/models/(.+?)/tree/(.+)", path):
            self._tree(*found.groups(), token)
        elif found := re.fullmatch(r"/(.+?)/resolve/([^/]+)/(.+)", path):
            self._resolve(*found.groups(), token)
        else:
            self._refuse(404, "")

    def _may_have(self, name: str, token: str, *, files: bool) -> Repo | None:
        hub, repo = self.hub, self.hub.repos.get(name)
        if repo is None or (repo.is_private and token != hub.token):
            self._refuse(401 if not token else 404, "RepoNotFound")
            return None
        if files and repo.gated and token != hub.token:
            self._refuse(403 if token == hub.known else 401, "GatedRepo")
            return None
        return repo

    def _version(self, name: str, repo: Repo, revision: str) -> str:
        known = {commit_of(name, each): each for each in repo.revisions}
        if revision in repo.revisions:
            return commit_of(name, revision)
        if revision in known:
            return revision
        self._refuse(404, "RevisionNotFound")
        return ""

    def _model(self, name: str, revision: str, token: str) -> None:
        repo = self._may_have(name, token, files=False)
        if repo is None or not (commit := self._version(name, repo, revision)):
            return
        siblings = [{"rfilename": path, "size": len(content), **_blob(content)} for path, content in repo.files.items()]
        self._json(
            {
                "id": name,
                "modelId": name,
                "sha": commit,
                "private": repo.is_private,
                "gated": repo.gated or False,
                "disabled": False,
                "downloads": 1,
                "likes": 1,
                "tags": [],
                "cardData": repo.card,
                "config": repo.config,
                "siblings": siblings,
            }
        )

    def _tree(self, name: str, revision: str, token: str) -> None:
        repo = self._may_have(name, token, files=False)
        if repo is None or not self._version(name, repo, revision):
            return
        entries = []
        for path, content in repo.files.items():
            blob = _blob(content)
            lfs = blob.get("lfs")
            entry = {"type": "file", "path": path, "size": len(content), "oid": blob["blobId"]}
            if lfs:
                entry["lfs"] = {"oid": lfs["sha256"], "size": lfs["size"], "pointerSize": lfs["pointerSize"]}
            entries.append(entry)
        self._json(entries)

    def _resolve(self, name: str, revision: str, path: str, token: str) -> None:
        repo = self._may_have(name, token, files=True)
        if repo is None or not (commit := self._version(name, repo, revision)):
            return
        if path not in repo.files:
            self._refuse(404, "EntryNotFound")
            return
        content = repo.files[path]
        checksum = _checksum(content)
        headers = {"X-Repo-Commit": commit, "ETag": f'"{checksum}"'}
        if len(content) < LARGE:
            self._send_file(content, path, headers)
            return
        headers |= {"X-Linked-Etag": f'"{checksum}"', "X-Linked-Size": str(len(content))}
        self._start(302, {**headers, "Location": f"{self.hub.cdn}/cdn/{name}/-/{path}", "Content-Length": "0"})

    def _send_file(self, content: bytes, name: str, headers: dict[str, str]) -> None:
        hub, status, total = self.hub, 200, len(content)
        if name in hub.damaged:
            content = content[:-1] + bytes([content[-1] ^ 1])
        if found := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last = int(found[1]), min(int(found[2] or total - 1), total - 1)
            content, status = content[first : last + 1], 206
            headers = headers | {"Content-Range": f"bytes {first}-{last}/{total}"}
        self._start(status, headers | {"Content-Length": str(len(content))})
        if self.command == "HEAD":
            return
        is_dropped = hub.drops[name] > 0
        if is_dropped:
            hub.drops[name] -= 1
            content = content[: len(content) // 2]
        try:
            for start in range(0, len(content), CHUNK):
                self.wfile.write(content[start : start + CHUNK])
                if not hub.gate.is_set() and len(content) > LARGE:
                    self.wfile.flush()
                    hub.held.set()
                    hub.gate.wait(10)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        if is_dropped:
            self.close_connection = True

    def _json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self._start(200, {"Content-Type": "application/json", "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _refuse(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        own = {"X-Error-Code": code, "X-Error-Message": code} if code else {}
        self._start(status, {**own, **(headers or {}), "Content-Length": "0"})

    def _start(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


# Of a gigabyte it takes seconds, which would be counted as the client's.
@lru_cache(maxsize=64)
def _checksum(content: bytes) -> str:
    if len(content) >= LARGE:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


@lru_cache(maxsize=64)
def _blob(content: bytes) -> dict[str, object]:
    blob: dict[str, object] = {"blobId": hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()}
    if len(content) >= LARGE:
        blob["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return blob
