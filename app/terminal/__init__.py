"""The terminal command, `python -m app`: a client of a running server, and maintenance commands."""
