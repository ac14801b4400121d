"""dataset → logging_policy → target_policy → judge → estimation: each stage one function."""
