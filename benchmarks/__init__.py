"""What a turn costs. Every figure is a ratio of two servers measured in turns in one run."""
