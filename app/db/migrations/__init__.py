"""The schema's history, shared by both databases."""
