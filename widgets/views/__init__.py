"""One view a file; each shows one kind of result. The table is `widgets.registry.VIEWS`."""
