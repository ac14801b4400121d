"""Answers without log-probs of the text sent, as servers really write them; each says what came instead."""

from typing import Any

import pytest

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.http.completions import read_echo
from cje_audit.providers.http.fault import NoPromptLogprobs

LLAMA_CPP = {"content": [{"id": 378, "token": " The", "bytes": [32, 84, 104, 101], "logprob": -2.33}]}
ABSENT: dict[str, Any] = {"finish_reason": "length", "index": 0, "text": "\n"}  # transformers serve


@pytest.mark.parametrize(
    ("choice", "came"),
    [
        (ABSENT, "logprobs is missing"),
        (ABSENT | {"logprobs": None}, "logprobs is missing"),
        (ABSENT | {"logprobs": LLAMA_CPP}, "only those of the tokens that the server wrote itself"),
        (ABSENT | {"logprobs": {"tokens": ["\n"]}}, "no tokens and token_logprobs"),
    ],
)
def test_an_answer_without_prompt_log_probs_says_what_came(choice: dict[str, Any], came: str) -> None:
    with pytest.raises(NoPromptLogprobs, match=came) as found:
        read_echo({"choices": [choice]}, 1)
    assert found.value.code is FailureCode.BAD_RESPONSE
