"""Cards: verdicts, checks, runs, stages at work, failures, rows. What they say comes ready-made from the front door."""
