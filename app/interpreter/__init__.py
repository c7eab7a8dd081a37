"""Runs Python code that nobody has checked, in sandboxed processes of its own.

`interpreter.py` is the door: sessions by key. `guest/` is what runs in the interpreter's own Python
environment: the zygote, which has the libraries loaded, and the sessions forked from it.
"""
