"""Data, metrics and time-lapse of the recipe `transformer_en_fr`."""
