"""The doctor: checks everything the server needs, and says how to fix what is wrong."""
