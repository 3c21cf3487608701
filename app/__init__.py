"""The desktop program: entry point, window, wiring, settings, export, command line. Never torch."""

VERSION = "0.1.0"
