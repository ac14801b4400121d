"""Report and view objects in, figures out: every chart comes with one sentence and the table it was drawn from."""
