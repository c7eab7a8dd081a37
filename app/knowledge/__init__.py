"""Extracts text from files, cuts it into chunks, and searches them."""
