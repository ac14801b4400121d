"""The audit checks: pure functions from columns to typed outcomes; thresholds live in one table."""
