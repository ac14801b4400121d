"""The command line: one thin door to the front door."""
