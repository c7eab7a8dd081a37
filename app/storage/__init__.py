"""Files as a whole: their bytes in the object store and their rows in the database."""
