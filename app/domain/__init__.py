"""Pure rules: ids, time, errors, run states. Imports no other package of the project."""
