"""Loads at once every room of the engine that methods load when needed: for a server, whose visits come side by side.

Two threads that load one package at the same moment can find it half loaded.
"""

import cje_audit.audit.comparing
import cje_audit.audit.failing
import cje_audit.audit.gate
import cje_audit.report.html
import cje_audit.stages.asking.cost
import cje_audit.stages.verification  # noqa: F401  (loading is all that is wanted, here and above)
