"""The policies, the judge and the seed of the sample experiment. The seed was fixed before the first generation."""

from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy

SEED = 20261121
MODEL = "SmolLM2-135M-Instruct"
MAX_TOKENS = 24
LOGGED_DRAWS = 2
FRESH_DRAWS = 2
FRESH_FROM = 1000  # draws are numbered from here, so that the clone's fresh responses are not the logged ones
TUNING_FROM = 9000  # and the tuning pass never sees a response of the experiment
LABELLED_SHARE = 0.5


def policy(name: str, system_prompt: str, user_template: str, *, role: str = "target") -> Policy:
    """Return a policy of this experiment; only the two texts differ between them."""
    return Policy.model_validate(
        {
            "name": name,
            "role": role,
            "provider": "embedded",
            "model": MODEL,
            "template": "chat",
            "system_prompt": system_prompt,
            "user_template": user_template,
            "max_tokens": MAX_TOKENS,
            "seed": SEED,
        }
    )


JUDGE = Judge(kind="logprob", provider="embedded", model=MODEL, scale=(0.0, 1.0))
