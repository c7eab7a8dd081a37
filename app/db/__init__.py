"""The only room that speaks SQL: tables, transactions, and a file of statements per resource.

Functions here take a connection and run inside the caller's transaction; none commits.
"""
