"""Files: their bytes in the object store together with their rows in the database."""
