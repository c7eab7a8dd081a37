"""The tool `code_interpreter`: runs the model's Python, and returns output, pictures and files."""
