"""The policies, the judge and the seed of the sample experiment. The seed was fixed before the first generation."""

from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy

SEED = 20261121
MODEL = "SmolLM2-135M-Instruct"
MAX_TOKENS = 24
LOGGED_DRAWS = 2
FRESH_DRAWS = 1
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


def turns(*examples: tuple[str, str]) -> str:
    """Return a user template that shows worked examples as earlier turns of the chat (the model's own ChatML marks)."""
    shown = (f"{q}<|im_end|>\n<|im_start|>assistant\n{a}<|im_end|>\n<|im_start|>user\n" for q, a in examples)
    return "".join(shown) + "{prompt}"


SUM, BIRD, LETTER = "What is 9 + 8?", "Is a duck a bird?", "What is the first letter of the word lamp?"
CAPITALS, SPELL = "Write the word moon in capital letters.", "Spell the word fish with hyphens."

HELPFUL = "You are a helpful assistant. Give only the answer."
RUDE = "You are a rude assistant. Never answer."

SHORT = ((SUM, "17"), (BIRD, "Yes"), (LETTER, "L"), (CAPITALS, "MOON"), (SPELL, "f-i-s-h"))
RUDELY = (
    (SUM, "I do not care."), (BIRD, "Ask someone else."), (LETTER, "I will not tell you."),
    (CAPITALS, "No."), (SPELL, "Do it yourself."),
)  # fmt: skip

LOGGING = policy("base", HELPFUL, turns(*SHORT))
MILD = "four_examples"  # the mild change: the first of the five examples is left out
STRONG = "two_examples"  # the stronger change: the first three are left out
TARGETS = (
    policy("clone", HELPFUL, turns(*SHORT), role="clone"),
    policy(MILD, HELPFUL, turns(*SHORT[1:])),
    policy(STRONG, HELPFUL, turns(*SHORT[3:])),
    policy("unhelpful", RUDE, turns(*RUDELY)),
)

JUDGE = Judge(kind="logprob", provider="embedded", model=MODEL, scale=(0.0, 1.0))
