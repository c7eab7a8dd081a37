"""Shows tool calls as text: one module per known tool type, and a generic view for all others."""
