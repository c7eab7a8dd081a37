"""The tool `file_search`: searches in vector stores, and citations of what they found."""
