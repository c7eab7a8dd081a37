"""Functions: the server's own, from Python files, and those that the client executes itself."""
