"""Functions: the server's own, in Python files, and the client's, which the client calls itself."""
