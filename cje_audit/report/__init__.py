"""Putting what was found into the one report, in words."""
