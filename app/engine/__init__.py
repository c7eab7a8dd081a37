"""Executes runs, from the queued row to the end."""
