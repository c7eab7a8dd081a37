"""Files into text, text into chunks, chunks into what is found for a question."""
