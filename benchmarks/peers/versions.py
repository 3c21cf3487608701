"""Which peers are measured."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.metadata import version

browser = subprocess.run(
    [shutil.which("chromium") or "chromium", "--version"], capture_output=True, text=True, check=True
)
names = ("bertviz", "circuitsvis", "matplotlib", "pyqtgraph", "selenium")
print(json.dumps({"Chromium": browser.stdout.split()[1]} | {name: version(name) for name in names}))
