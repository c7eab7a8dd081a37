"""The cost of a turn. Every result is a ratio of two servers, measured alternately in one run."""
