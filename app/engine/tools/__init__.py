"""Tools that the server runs, offered to the model as functions."""
