"""A look at a head, asked of an engine of this machine, and of one at the end of a line: `... line [N_TOKENS]`.

The line is the real one, with a program in place of ssh that starts the other end on this machine: what is measured is
what goes through two pipes in place of shared memory, and what is checked of it, and not a network. The engine computes
each look anew, in either case.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from app.link.engine_link import ProcessLink
from app.link.remote.address import parse_address
from app.link.remote.remote_link import remote_link
from benchmarks.measure import ROOT
from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.inputs import Input, TextInput

N_LOOKS = 40
_SENTENCE = ("the", "cat", "sat", "on", "the", "mat")


def main() -> None:
    """Milliseconds, the median, and the bytes of a look; both in turn."""
    n_tokens = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    text = Input(text=TextInput(" ".join((_SENTENCE * n_tokens)[:n_tokens])))
    with tempfile.TemporaryDirectory() as folder:
        ssh = Path(folder, "ssh")
        ssh.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
        ssh.chmod(0o755)
        os.environ["HEADLIGHT_SSH"] = str(ssh)
        here, line = ProcessLink(), remote_link(parse_address(f"ssh://loopback:{ROOT}"))
        times: dict[str, list[float]] = {"here": [], "line": []}
        n_bytes = 0
        for look in range(N_LOOKS):
            request = AttentionRequest("bert-mini", text, "encoder", (look // 8 % 4,), (look % 8,))
            for name, link in (("here", here), ("line", line)):
                begin = time.perf_counter()
                result = link.run(request, lambda _event: None)
                times[name].append(1000 * (time.perf_counter() - begin))
                assert isinstance(result, AttentionResult), result
                n_bytes = result.pattern.nbytes
        here.close()
        line.close()
    told = {f"ms_{name}": median(values[5:]) for name, values in times.items()}  # the first ones import and load
    print(json.dumps(told | {"n_bytes": n_bytes}))


main()
