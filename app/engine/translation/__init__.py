"""Translates between the protocols: a thread and a run into a Responses request, events back."""
