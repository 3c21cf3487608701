"""A hub on loopback with one checkpoint of so many megabytes: `... hub_of_one ID MEGABYTES`; says its address."""

from __future__ import annotations

import json
import struct
import sys
import threading

from tests.fake_hub import FakeHub, Repo

N_ROWS = 250_000  # of 4 bytes: a megabyte


def main() -> None:
    """Serve until the process is ended."""
    repo, megabytes = sys.argv[1], int(sys.argv[2])
    header = {"a": {"dtype": "F32", "shape": [megabytes, N_ROWS], "data_offsets": [0, megabytes * 4 * N_ROWS]}}
    text = json.dumps(header).encode()
    weights = struct.pack("<Q", len(text)) + text + bytes(megabytes * 4 * N_ROWS)
    hub = FakeHub()
    hub.repos[repo] = Repo({"config.json": b'{"model_type": "bert"}', "model.safetensors": weights})
    print(hub.url, flush=True)
    threading.Event().wait()


main()
