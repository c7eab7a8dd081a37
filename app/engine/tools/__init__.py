"""Tools that run here, as functions which the model may call."""
