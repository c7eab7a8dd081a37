"""The HTTP layer: no other package knows about HTTP requests and responses."""
