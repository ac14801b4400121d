"""Worlds whose truth is known: rows are drawn, the engine reports, and its answer is held against the truth."""
