"""A page of BertViz or CircuitsVis in headless Chromium, its scripts served from here."""

from __future__ import annotations

import io
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PEERS = Path(os.environ["BENCHMARK_PEERS"])
SCRIPTS = {
    r"https://cdnjs[^'\"]*/require(\.min)?\.js": "requirejs/require.js",
    r"https://cdnjs[^'\"]*/d3\.min": "d3/dist/d3.min",
    r"https://cdnjs[^'\"]*/jquery\.min": "jquery/dist/jquery.min",
}
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1000",
)
PATIENCE = 600  # seconds

# Two frames: the first may already have been under way.
TWO_FRAMES = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


class Browser:
    """One tab. `folder` is what it can see, at `address`."""

    def __init__(self, driver: webdriver.Chrome, folder: Path, address: str) -> None:
        self._driver, self._folder, self._address = driver, folder, address

    def write(self, name: str, html: str) -> None:
        """A page, BertViz' scripts found here instead of on a CDN."""
        for pattern, path in SCRIPTS.items():
            html = re.sub(pattern, f"/node_modules/{path}", html)
        (self._folder / name).write_text(f"<!doctype html><meta charset=utf-8><body>{html}</body>", encoding="utf-8")

    def open(self, name: str) -> None:
        self._driver.get(f"{self._address}/{name}")

    def wait_for(self, tag: str, n: int) -> None:
        """Until so many elements are in the document; it answers only between two tasks of its own."""
        end = time.monotonic() + PATIENCE
        while (found := self.run(f"return document.getElementsByTagName('{tag}').length")) != n:
            if time.monotonic() > end:
                raise TimeoutError(f"{found} of {n} elements {tag} after {PATIENCE} s")
            time.sleep(0.02)

    def run(self, script: str) -> object:
        return self._driver.execute_script(script)

    def pixels(self) -> np.ndarray:
        """What is on screen once two more frames were drawn: uint8 [row, column, 3]."""
        self._driver.execute_async_script(TWO_FRAMES)
        image = self._driver.get_screenshot_as_png()
        return np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))

    def memory_mb(self, field: str) -> float:
        """Resident memory of the largest renderer: `VmRSS` now, `VmHWM` at its highest."""
        return max(
            _memory_mb(pid, field) for pid in _descendants(self._driver.service.process.pid) if _is_renderer(pid)
        )


@contextmanager
def browser() -> Iterator[Browser]:
    """A running browser with a blank page of our server open, so that its start is no part of what is timed."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as profile:
        (Path(folder) / "node_modules").symlink_to(PEERS / "node_modules")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = webdriver.ChromeOptions()
        for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
        driver.set_page_load_timeout(PATIENCE)
        driver.set_script_timeout(PATIENCE)
        driver.command_executor.client_config.timeout = PATIENCE
        try:
            tab = Browser(driver, Path(folder), f"http://127.0.0.1:{server.server_port}")
            tab.write("blank.html", "")
            tab.open("blank.html")
            tab.pixels()
            yield tab
        finally:
            driver.quit()
            server.shutdown()


def time_to_pixels(make_html: Callable[[], str], tag: str, n: int) -> dict[str, float]:
    """Seconds and memory from a call that makes a page until its `n` elements are on screen."""
    with browser() as tab:
        before = tab.memory_mb("VmRSS")
        started = time.perf_counter()
        html = make_html()
        tab.write("page.html", html)
        made = time.perf_counter()
        tab.open("page.html")
        tab.wait_for(tag, n)
        pixels = tab.pixels()
        seen = time.perf_counter()
        extra = tab.memory_mb("VmHWM") - before
    found = {"html_s": made - started, "pixels_s": seen - made, "seconds": seen - started}
    return found | {"html_mb": len(html) / 1e6, "extra_mb": extra, "n_colors": n_colors(pixels)}


def n_colors(pixels: np.ndarray) -> int:
    """Different colours of a picture; an empty one has a handful."""
    return len(np.unique(pixels.reshape(-1, 3), axis=0))


def _descendants(pid: int) -> list[int]:
    children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _children(task)]
    return [pid, *(grandchild for child in children for grandchild in _descendants(child))]


def _children(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except OSError:  # it ended meanwhile
        return []


def _is_renderer(pid: int) -> bool:
    return b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _memory_mb(pid: int, field: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{field}:\s*(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0
