"""Disk: DuckDB run tables, the SQLite workspace and the SQLite answers; the only room that speaks SQL."""
