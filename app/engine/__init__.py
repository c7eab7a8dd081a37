"""What happens to a run after its row exists."""
