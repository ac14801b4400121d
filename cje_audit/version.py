"""The version of the engine, written into every report."""

__version__ = "0.1.0"
