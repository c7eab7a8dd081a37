"""Use cases: one transaction per writing method, committed before anything is sent."""
