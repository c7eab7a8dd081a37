"""The data that a release left: recorded once, by that release, and opened by every later one."""
