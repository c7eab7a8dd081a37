"""Actions: the operations of an OpenAPI document, as functions that this server calls."""
