"""Tool calls as text: a module for each type that more is known of, and a view for all others."""
