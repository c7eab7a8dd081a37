"""One module per format: `parts(file, limits)` yields the text in pieces or raises `Refused`.

Imported only by the extraction process.
"""
