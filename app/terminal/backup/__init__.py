"""The backup: a copy of the database and of the files it names, beside a running server."""
