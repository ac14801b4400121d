"""Whether the model reads the prompt, and all of it."""

from cje_audit.domain.checks import Check
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.stages.doctor import material
from cje_audit.stages.doctor.build import failed, passed, unknown


def template(policy: Policy, whole: LogProbResult) -> Check:
    """Judge the text that was put before the response."""
    name, before = policy.name, whole.before
    if before is None:
        return unknown("template", name, "the provider does not say what came before the response")
    if material.PROMPT not in before:
        return failed(
            "template", name, f"The template {policy.template} leaves the prompt out: the model read {before[:200]!r}.",
            "Use {{ prompt }} in the Jinja file, or the model's own chat template.",
        )  # fmt: skip
    system = (policy.system_prompt or "").strip()
    if system and system not in before:
        return failed(
            "template", name, f"The template {policy.template} leaves the system prompt out.",
            "Use {{ system_prompt }} in the Jinja file; some models' own templates have no system prompt.",
        )  # fmt: skip
    return passed(
        "template", name, f"The model reads {len(before)} characters before the response, and the prompt is in them."
    )
