"""What a checkpoint is, found out and loaded."""

import os

# Before transformers is imported, which reads it once: nothing here may wait for a network.
os.environ["HF_HUB_OFFLINE"] = "1"
