"""Begins with an underscore: the server does not load it."""

raise RuntimeError("this file was loaded")
