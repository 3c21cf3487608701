"""The engine: requests in, results out."""

OUT_OF_MEMORY = 12  # exit status of an engine that cannot go on for want of memory
