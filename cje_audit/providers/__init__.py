"""Asking models: one file per provider over one small protocol; the only room that may use the network."""
