"""One adapter a file for each kind of model. The table is `inference.registry.FAMILIES`."""
