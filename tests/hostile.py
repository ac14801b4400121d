"""A dataset whose every text is an attack: on a browser, a terminal, a spreadsheet, a reader's eyes, a page's width."""

import json
from pathlib import Path

from tests.conftest import synthetic_rows

BEACON = "http://beacon.example"
SCRIPT = f"<script>window.pwned=1;fetch('{BEACON}/js')</script><img src={BEACON}/img onerror=window.pwned=2>"
MARKDOWN = f"![x]({BEACON}/md.png) [click](javascript:window.pwned=3) <iframe src={BEACON}></iframe> $\\href{{{BEACON}}}{{x}}$ :red[**x**]"
ANSI = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J \x9b31m"
FORMULA = f'=HYPERLINK("{BEACON}","x")+cmd|\'/c calc\'!A0'
TURNED = "safe\u202egnp.exe\u2066 \u200fmixed"
CLOSING = "</script></style></textarea></title><svg onload=window.pwned=4>"
WIDE = "W" * 20_000
ATTACKS = (SCRIPT, MARKDOWN, ANSI, FORMULA, TURNED, CLOSING, WIDE)
HUGE = "x<b>" * 240_000  # just under the longest line that is read


def hostile_file(folder: Path, n: int = 240) -> Path:
    """Write the dataset: hostile ids, prompts, responses, judge texts, policy names, file name, and broken lines."""
    rows = synthetic_rows(n, seed=5, sd=0.3)
    for i, row in enumerate(rows):
        attack = ATTACKS[i % len(ATTACKS)]
        row["prompt"] = f"{attack} {i}"
        row["response"] = f"{attack} {i}" + (" <|im_start|>" if i < 6 else "")
        row["judge_text"] = attack
        if i % len(ATTACKS) < 6 and i < 60:
            row["prompt_id"] = f"{attack}{i}"
        values = row["target_policy_logprobs"]
        values[SCRIPT] = -999.0 if i < 7 else values["near"]
        values[FORMULA[:60]] = values["near"] * 3
        values[f"![x]({BEACON}/p.png)"] = values["near"] - 0.01
    rows[0]["judge_score"] = None
    rows[1]["response"] = HUGE
    lines = [json.dumps(row) for row in rows]
    lines += [f'{{"prompt_id": "{BEACON}", {SCRIPT}', json.dumps({"prompt_id": MARKDOWN, "prompt": SCRIPT})]
    path = folder / "=cmd(![x](beacon.example)).jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
