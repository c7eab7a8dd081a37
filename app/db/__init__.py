"""The only package that contains SQL: tables, transactions, and a file of statements per resource.

Functions here take a connection and run inside the caller's transaction; none commits.
"""
