"""What runs in the interpreter's own Python: it may import the standard library and
`app.core.fence`, and the environment's packages only by name."""
