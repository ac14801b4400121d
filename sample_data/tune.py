"""The tuning pass: how far apart do two ways of prompting put the weights? Labels and scores are never computed here.

    python sample_data/tune.py < candidates.json

The candidates are {"base": TEXTS, "targets": [TEXTS, ...]}, where TEXTS has system_prompt and user_template.

Appends one line per target to sample_data/tuning.jsonl, which the provenance file of the experiment repeats.
"""

import asyncio
import json
import sys
from pathlib import Path

import numpy as np
from ask import ask_all
from policies import MAX_TOKENS, TUNING_FROM, policy
from tasks import all_tasks

from cje_audit.numerics.tail import upper_tail
from cje_audit.providers.embedded import EmbeddedProvider

RECORD = Path(__file__).with_name("tuning.jsonl")
N_PROMPTS = 160

Texts = dict[str, str]


async def log_ratios(base: Texts, targets: list[Texts]) -> tuple[np.ndarray, float, float]:
    """Return log ratios in nats, (targets, rows), the share of cut responses and the mean length in tokens."""
    provider = EmbeddedProvider()
    writer = policy("base", **base)
    tasks = all_tasks()[:N_PROMPTS]
    written = await ask_all("write", tasks, lambda t: provider.generate(writer, t.prompt, draw=TUNING_FROM))
    rows = [(t.prompt, a.result) for t, a in zip(tasks, written, strict=True) if a.result.is_ok]
    values = []
    for texts in [base, *targets]:
        who = policy("target", **texts)
        scored = await ask_all(
            "score",
            rows,
            lambda r, who=who: provider.logprobs(who, r[0], r[1].unwrap(), ended=r[1].finish_reason == "stop"),
        )
        values.append([np.nan if s.result.value is None else s.result.value for s in scored])
    await provider.aclose()
    table = np.asarray(values)
    cut = float(np.mean([r.finish_reason == "length" for _, r in rows]))
    length = float(np.mean([r.n_tokens for _, r in rows]))
    return table[1:] - table[0], cut, length


def diagnostics(ratio: np.ndarray) -> dict[str, float | None]:
    """Return how the weights are spread: nothing here looks at what the responses are worth."""
    weight, khat = np.exp(ratio), upper_tail(ratio).pareto_khat
    return {
        "n": len(ratio),
        "ess_fraction": round(float(weight.sum() ** 2 / (weight**2).sum() / len(weight)), 4),
        "max_share": round(float(weight.max() / weight.sum()), 4),
        "mean_weight": round(float(weight.mean()), 4),
        "pareto_khat": None if khat is None else round(float(khat), 3),
        "sd_log_ratio": round(float(ratio.std()), 3),
    }


def main() -> None:
    """Print and record the weight diagnostics of every target prompt."""
    candidates = json.load(sys.stdin)
    base, targets = candidates["base"], candidates["targets"]
    ratios, cut, length = asyncio.run(log_ratios(base, targets))
    with RECORD.open("a", encoding="utf-8") as record:
        for texts, every in zip(targets, ratios, strict=True):
            ratio = every[np.isfinite(every)]
            line = {"base": base, "target": texts, "max_tokens": MAX_TOKENS, **diagnostics(ratio)}
            line |= {"cut_share": round(cut, 3), "mean_tokens": round(length, 2)}
            print(json.dumps({k: v for k, v in line.items() if k != "base"}))
            record.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
