"""The tool `file_search`: searches vector stores, and cites the results."""
