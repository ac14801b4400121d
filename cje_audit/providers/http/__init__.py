"""Models behind HTTP: one client, one provider, and one small file of data per kind of server."""
