"""Wire objects: what a client may send and what it is answered, a file per resource."""
