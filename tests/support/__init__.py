"""Shared by tests: fakes, helpers and checks; contains no tests."""
