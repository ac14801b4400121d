"""Clean datasets, and ways to damage them: what `benchmarks/audit_power.py` and the tests are made of."""
