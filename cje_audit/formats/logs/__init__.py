"""Logs of other evaluation tools, read into rows of our own field names; nothing they leave out is made up."""
