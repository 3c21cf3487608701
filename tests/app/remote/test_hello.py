"""What another end says of itself before anything else, and what comes over a slow line."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace

import pytest

from app import VERSION
from app.link.remote.address import parse_address
from app.link.remote.remote_link import remote_link, why_other
from app.link.remote.ssh import HeardPipe
from inference.service import hello
from inference.service.hello import WORD, own_hello, read_hello

OWN = read_hello(own_hello(VERSION, "/tmp/inbox"))


def test_an_end_like_this_one_is_no_other():
    assert OWN is not None
    assert why_other(OWN) == ""


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"version": "9"}, f"has Headlight 9, and here it is {VERSION}: both ends must be the same version"),
        ({"protocol": "0ld"}, f"in another state (0ld there, {hello.protocol()} here): bring both to the same one"),
        ({"torch": ""}, "has Headlight, but no torch and transformers to run models with"),
        ({"transformers": ""}, "has Headlight, but no torch and transformers to run models with"),
    ],
)
def test_another_version_another_state_and_missing_packages_are_told(other, why):
    assert why_other(replace(OWN, **other)).endswith(why)


@pytest.mark.parametrize(
    "other",
    [
        {"machine": "gpu\x1b[31m1"}, {"machine": "x" * 301}, {"home": "/a\nb"}, {"n_cores": 0}, {"n_cores": True},
        {"n_cores": 10**9}, {"version": 3}, {"torch": None}, {"inbox": ["/tmp"]},
    ],
)  # fmt: skip
def test_what_is_no_short_plain_text_is_no_hello(other):
    line = WORD + json.dumps(asdict(OWN) | other).encode() + b"\n"
    assert read_hello(line) is None


@pytest.mark.parametrize("rest", [b"", b"{}", b"[" * 5000, b"3", b'{"version": "1"', b"\xff"])
def test_what_is_no_such_line_is_no_hello(rest):
    assert read_hello(WORD + rest) is None


def test_whatever_comes_over_a_slow_line_is_heard():
    n_heard = []
    pipe = HeardPipe(io.BufferedReader(io.BytesIO(b"x" * 700_000)), lambda: n_heard.append(1))
    assert len(pipe.read(700_000)) == 700_000
    assert len(n_heard) > 1
    assert pipe.read(2**40) == b""  # of which no memory is taken


@pytest.mark.parametrize(("device", "told"), [("cuda:1", "cuda:1"), ("cuda:1; ls", None), ("", None)])
def test_a_device_that_was_chosen_is_wished_there_too(device, told, monkeypatch):
    monkeypatch.setenv("HEADLIGHT_DEVICE", device)
    assert remote_link(parse_address("ssh://gpu1"))._wishes().get("HEADLIGHT_DEVICE") == told
