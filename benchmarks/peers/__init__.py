"""What is measured of others: each module is a process in the peers' environment that prints one line of JSON."""
