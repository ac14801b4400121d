"""Datasets made elsewhere, read line by line: good rows as one frame, bad lines listed with number and reason."""
