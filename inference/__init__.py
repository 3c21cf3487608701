"""Everything that touches torch: checkpoints, capture, families, analyses and the engine. Never Qt."""

import os

# What the environment says before `inference.checkpoints` forbids transformers the network for its own part.
IS_OFFLINE_WISHED = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
