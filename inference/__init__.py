"""Everything that touches torch: checkpoints, capture, families, analyses and the engine. Never Qt."""
