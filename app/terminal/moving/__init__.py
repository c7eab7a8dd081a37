"""The commands that move a project's objects: to a file, and from there into a server."""
