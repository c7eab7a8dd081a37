"""The rescue command: readers of other layouts, whose objects are imported.

Each module here with a `READER` is a subcommand; nothing else needs to know it.
"""
