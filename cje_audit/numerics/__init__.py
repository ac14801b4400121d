"""Weights, estimators and their errors: pure functions of arrays that know only NumPy and SciPy."""
