"""One computation a file, `Request -> Result`. The table is `inference.registry.ANALYSES`."""
