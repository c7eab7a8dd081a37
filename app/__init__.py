"""Threadkeeper: a self-hosted server for the Assistants v2 protocol."""

__version__ = "0.2.0"
