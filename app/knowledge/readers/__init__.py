"""One file per format: `parts(file, limits)` gives its text in pieces, or raises `Refused`.

Imported by the extraction's own process only.
"""
