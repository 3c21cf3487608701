"""Headlight against its peers and against the limits, measured in one run. See README.md."""
