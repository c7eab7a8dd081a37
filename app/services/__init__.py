"""Use cases: one transaction per writing method, committed before anybody is told."""
