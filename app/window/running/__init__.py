"""Where models are run, in which numbers, and how much memory they may take."""
