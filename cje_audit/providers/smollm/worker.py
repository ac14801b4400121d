"""A worker process that holds the model: one JSON request per line in, one JSON reply per line out.

Started by `pool.py` with one BLAS thread, so that results do not depend on how many cores there are. It ends when
its input ends, which is also what happens when the process that started it is killed.
"""

import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.providers.judging import asked_of_judge
from cje_audit.providers.rendering import ChatFormat, RenderError, extended, fill, render, render_chat, render_messages
from cje_audit.providers.smollm.completion import Completion, complete
from cje_audit.providers.smollm.gguf_file import load_model_file
from cje_audit.providers.smollm.model import LanguageModel
from cje_audit.providers.smollm.reader import Reader, ReadFailure, Sampling
from cje_audit.providers.smollm.sampling import seeded_generator
from cje_audit.providers.smollm.tokenizer import ModelTokenizer

Reply = dict[str, Any]

JUDGE_LOGPROB_PROMPT = (
    "Question: {prompt}\n\nAnswer: {response}\n\nIs this answer to the question correct? Reply with Yes or No only."
)
JUDGE_TOKENS = 32
GREEDY, AS_LIKELY = 0.0, 1.0  # temperatures: one answer, or draws that differ


class Worker:
    """Answers requests with the model in this process."""

    def __init__(self, model: Path) -> None:
        file = load_model_file(model)
        tokenizer = ModelTokenizer(file.facts)
        self.reader = Reader(LanguageModel(file), tokenizer)
        self.chat = ChatFormat(file.facts["tokenizer.chat_template"], tokenizer.end_text())
        self._work: Mapping[str, Callable[[Reply], Reply]] = {
            "generate": self.generate,
            "logprobs": self.logprobs,
            "judge": self.judge,
            "complete": self.complete,
            "template": self.template,
        }

    def answer(self, request: Reply) -> Reply:
        """Answer one request; a failure is a reply with `code` and `detail`."""
        try:
            return self._work[request["op"]](request)
        except ReadFailure as failure:
            return _failed(failure.code, failure.detail)
        except RenderError as error:
            return _failed(FailureCode.BAD_REQUEST, str(error))
        except MemoryError:
            return _failed(FailureCode.CONTEXT_OVERFLOW, "the text needs more memory than this machine has")
        except Exception as error:  # whatever else happens is a failure of this request, not of the worker
            return _failed(FailureCode.SERVER_ERROR, f"{type(error).__name__}: {error}")

    def generate(self, request: Reply) -> Reply:
        """Write one response under a policy, or the rest of one that has `begun`."""
        policy = Policy.model_validate(request["policy"])
        rendered = extended(render(policy, request["prompt"], self.chat), request.get("begun", ""))
        how = Sampling(policy.temperature, policy.top_p, policy.max_tokens, policy.stop)
        generator = seeded_generator(policy.identity_hash(), request["prompt"], request["draw"])
        written = self.reader.write(rendered, how, generator)
        return {
            "text": written.text,
            "finish_reason": written.finish_reason,
            "token_ids": written.ids,
            "tokens": self.reader.tokenizer.pieces(written.ids),
            "token_logprobs": written.token_logprobs,
        }

    def logprobs(self, request: Reply) -> Reply:
        """Teacher-force one response under a policy."""
        rendered = render(Policy.model_validate(request["policy"]), request["prompt"], self.chat)
        scored = self.reader.score(rendered, request["response"], ended=request["ended"])
        return {
            "tokens": scored.tokens,
            "token_logprobs": scored.token_logprobs,
            "ends_with_stop": bool(request["ended"] and rendered.end is not None),
            "before": rendered.text,
        }

    def template(self, _: Reply) -> Reply:
        """Tell the model's own chat template."""
        return {"chat_template": self.chat.template, "eos_token": self.chat.end, "bos_token": self.chat.start}

    def complete(self, request: Reply) -> Reply:
        """Write after a text as a server of OpenAI's API does, with the text's own log-probs where asked."""
        chat = "messages" in request
        text = render_messages(request["messages"], self.chat) if chat else request["text"]
        return asdict(complete(self.reader, text, Completion(**request["how"])))

    def judge(self, request: Reply) -> Reply:
        """Score one response on the judge's scale."""
        judge = Judge.model_validate(request["judge"])
        return self._judge_yes(judge, request) if judge.kind == "logprob" else self._judge_words(judge, request)

    def _judge_yes(self, judge: Judge, request: Reply) -> Reply:
        """Return low + (high − low) · P(Yes) / (P(Yes) + P(No)) for the token that would come next."""
        asked = fill(judge.prompt or JUDGE_LOGPROB_PROMPT, prompt=request["prompt"], response=request["response"])
        yes, no = self.reader.next_log_probs(render_chat(None, asked, self.chat), ("Yes", "No"))
        share = 1 / (1 + math.exp(min(no - yes, 700.0)))
        low, high = judge.scale
        return {"score": low + (high - low) * share, "raw": f"log P(Yes) = {yes:.6f}, log P(No) = {no:.6f}"}

    def _judge_words(self, judge: Judge, request: Reply) -> Reply:
        """Have the judge write, and read its words as those of every other judge."""
        asked = asked_of_judge(
            judge, request["prompt"], request["response"], draw=request["draw"], other=request.get("other")
        )
        how = Sampling(temperature=GREEDY if judge.draws == 1 else AS_LIKELY, top_p=1.0, max_tokens=JUDGE_TOKENS)
        generator = seeded_generator("judge", asked.text, request["draw"])
        text = self.reader.write(render_chat(None, asked.text, self.chat), how, generator).text
        result = asked.read(text)
        if result.code is not None:
            return {**_failed(result.code, result.detail or ""), "raw": text}
        return {"score": result.value, "raw": text}


def _failed(code: FailureCode, detail: str) -> Reply:
    return {"code": code.value, "detail": detail}


def main() -> None:
    """Serve requests from standard input until it ends; the first line out says that the model is loaded."""
    worker = Worker(Path(sys.argv[1]))
    out = sys.stdout
    out.write(json.dumps({"ready": True}) + "\n")
    out.flush()
    for line in sys.stdin:
        out.write(json.dumps(worker.answer(json.loads(line))) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
