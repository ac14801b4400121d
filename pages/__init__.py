"""The dashboard's pages: one page, one question."""
