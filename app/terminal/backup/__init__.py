"""The backup command: copies the database and the files it refers to while the server runs."""
