"""HTTP requests to addresses that users of this server chose, kept out of its own network."""
