"""A model in this process through transformers and torch: loading, exact tokens, scoring and writing in batches."""
