"""Pure rules: ids, time, errors, the states of a run. Imports nothing of the project."""
