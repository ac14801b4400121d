# ruff: noqa: E501  (a vocabulary reads best with one entry on one line)
"""The words of the experiment form: a label and one plain sentence for every field, a title for every section."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldWords:
    """A field's label, and what it means."""

    label: str
    help: str


POLICY: dict[str, FieldWords] = {
    "name": FieldWords("Name", "How the policy is called in every table and sentence."),
    "provider": FieldWords("Provider", "Who answers: a service, your own server, or the embedded model."),
    "base_url": FieldWords("Address", "The server's address, such as http://127.0.0.1:8000/v1. Empty: the provider's own."),
    "model": FieldWords("Model", "The model's name as its server knows it."),
    "api_key_env": FieldWords("Variable that holds the key", "The NAME of the environment variable. The key itself never stands in a file."),
    "template": FieldWords("Template", "chat: the model's own chat template; completion: the bare text; or the path of a Jinja file."),
    "system_prompt": FieldWords("System prompt", "What the model is told before every prompt. Empty: nothing."),
    "temperature": FieldWords("Temperature", "How freely responses are sampled. Scoring always happens at temperature 1."),
    "top_p": FieldWords("Top p", "Only the likeliest tokens that together hold this share are sampled from. 1: all of them."),
    "max_tokens": FieldWords("Longest response (tokens)", "Responses are cut at this length."),
    "seed": FieldWords("Seed of sampling", "The same seed gives the same responses where the server allows it."),
}  # fmt: skip

FIELDS: dict[str, FieldWords] = {
    "name": FieldWords("Name of the experiment", "How the run is called in lists and reports."),
    "data.path": FieldWords("File with the prompts", "A JSONL file with prompt_id and prompt on each line; responses, scores and labels where they are known."),
    "fresh_draws.per_prompt": FieldWords("Fresh responses per prompt", "How many new responses each target policy writes itself. 0: none; they help where weights fail."),
    "seed": FieldWords("Seed of the experiment", "Settles which rows a pilot takes and which labels are used."),
    "judge.kind": FieldWords("Kind of judge", "score: it writes a mark; logprob: read off the probability of yes; pairwise: against the logged response; recorded: the data hold scores."),
    "judge.provider": FieldWords("Provider", "Who answers for the judge."),
    "judge.base_url": FieldWords("Address", "The judge's server. Empty: the provider's own."),
    "judge.model": FieldWords("Model", "The judge's model."),
    "judge.api_key_env": FieldWords("Variable that holds the key", "The NAME of the environment variable, never the key."),
    "judge.prompt": FieldWords("What the judge is asked", "Empty: the built-in question. {prompt} and {response} are filled in."),
    "judge.integer": FieldWords("Whole marks only", "Any other mark is a failure with a code, never rounded."),
    "judge.draws": FieldWords("Times asked per response", "More than one measures how far the judge disagrees with itself."),
    "judge.scale.0": FieldWords("Lowest mark", "A mark below it is a failure with a code."),
    "judge.scale.1": FieldWords("Highest mark", "A mark above it is a failure with a code."),
    "oracle.field": FieldWords("Field with trusted labels", "The data field that holds labels from people or a checking program."),
    "oracle.slice": FieldWords("Share of labels to use", "1: all that the data hold."),
    "oracle.judge.kind": FieldWords("Second judge", "A better judge that labels this share itself. score: it writes a mark; logprob: read off the probability of yes. Not chosen: labels come from the data."),
    "oracle.judge.provider": FieldWords("Its provider", "Who answers for the second judge."),
    "oracle.judge.base_url": FieldWords("Its address", "The second judge's server. Empty: the provider's own."),
    "oracle.judge.model": FieldWords("Its model", "The second judge's model: a better one than the judge's."),
    "oracle.judge.api_key_env": FieldWords("Variable that holds its key", "The NAME of the environment variable, never the key."),
    "oracle.judge.prompt": FieldWords("What the second judge is asked", "Empty: the built-in question. {prompt} and {response} are filled in."),
    "estimation.reward": FieldWords("Reward", "auto: labels where there are enough, else the judge calibrated to them, else the judge alone."),
    "estimation.decision.margin": FieldWords("Ship above a difference of", "On the reward's scale. Empty: no rule, and the report will not say whether to ship."),
    "estimation.decision.baseline": FieldWords("Compared with", "A policy's name. Empty: the logging policy."),
    "estimation.decision.policy": FieldWords("Only candidate", "A policy's name. Empty: every target policy but clones; the confidence is then shared."),
    "execution.concurrency": FieldWords("Requests in flight", "At most so many at once; fewer when a server asks for it."),
    "execution.max_attempts": FieldWords("Attempts per answer", "How often a passing fault is tried again."),
    "execution.timeout_s": FieldWords("Seconds per attempt", "How long one attempt may take."),
    "execution.on_failure": FieldWords("What a failed row does", "mark_missing: missing for its own policy; skip_row: left out for all; fail_fast: the run stops."),
    "execution.max_cost": FieldWords("Cost cap", "The run pauses, and can go on, before it costs more. Needs the prices of the models, in the file."),
}  # fmt: skip

TOPICS: dict[str, FieldWords] = {
    "experiment": FieldWords("Experiment", "What it is called and which prompts it is about."),
    "logging_policy": FieldWords("Logging policy", "It writes the responses, or wrote those in the data. What the file lets other policies take from it changes for them too."),
    "target_policy": FieldWords("Target policy", "We ask how good it would have been."),
    "judge": FieldWords("Judge", "Who marks the responses, and on which scale."),
    "labels": FieldWords("Trusted labels", "Marks from people, a program or a second, better judge; they keep the judge honest."),
    "decision": FieldWords("Decision rule", "What would make a policy ship, fixed before anyone sees a number."),
    "asking": FieldWords("How models are asked", "Speed, patience, what a failure does, and what it may cost."),
}  # fmt: skip

CLONE = "The clone is the logging policy scored a second time: it takes all settings from there."

EXAMPLES: dict[str, str] = {
    "embedded": "Embedded model",
    "pilot": "Pilot",
    "vllm": "vLLM",
    "fireworks": "Fireworks",
    "together": "Together",
    "openai_judge": "OpenAI judge",
    "two_judges": "Two judges",
}


def of(place: tuple[str | int, ...]) -> FieldWords:
    """Return the words of the field at a place in the file."""
    if place[0] in ("logging_policy", "target_policies"):
        return POLICY[str(place[-1])]
    return FIELDS[".".join(map(str, place))]
