"""What the words mean: results that cannot lie, failure codes, policies, experiments, checks and the report."""
