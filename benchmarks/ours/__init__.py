"""What is measured of ours: each module is a process of its own that prints one line of JSON."""
