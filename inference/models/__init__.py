"""Models that transformers does not ship, as its `PreTrainedModel`s."""
