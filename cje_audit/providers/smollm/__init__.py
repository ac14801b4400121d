"""The embedded model: SmolLM2-135M-Instruct in NumPy, fetched once, run in worker processes with one BLAS thread."""
