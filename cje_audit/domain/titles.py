# ruff: noqa: E501  (a vocabulary reads best with one entry on one line)
"""What stages, checks, estimators and roles are called when people read of them: pages and HTML report alike."""

STAGES: dict[str, tuple[str, str]] = {
    "dataset": ("Dataset", "Reads every row and checks that it is whole. Everything later counts these rows."),
    "logging_policy": ("Logging policy", "Responses and their log-probabilities under the policy that wrote them."),
    "target_policy": ("Target policy", "Teacher forcing: how likely each target policy finds each logged response. If this is skipped, all weights are 1."),
    "judge": ("Judge", "Marks for the responses. A judge that fails gives a missing mark, never a score."),
    "estimation": ("Estimation", "Whether these rows can speak for each target policy, and if so, with which number."),
}  # fmt: skip

QUESTIONS: dict[str, str] = {
    "dataset.schema": "Does every row parse and have its fields?",
    "dataset.duplicate_ids": "Is each prompt id and draw there only once?",
    "dataset.manifest": "Does the data come with a quality-control manifest?",
    "dataset.template_contamination": "Are there chat-template tokens inside prompts or responses?",
    "dataset.runaway": "Do responses go on past their end?",
    "dataset.truncation": "Were responses cut at the length limit?",
    "logging_policy.responses": "Is there a response in every row?",
    "logging_policy.empty_responses": "Is every response more than blank space?",
    "logging_policy.computed": "Are the logging log-probabilities there?",
    "logging_policy.logprob_range": "Are they finite and at most 0?",
    "logging_policy.sentinel_values": "Are there fallback constants among them?",
    "logging_policy.zero_logprobs": "Are there values of 0 on real text?",
    "logging_policy.logprob_density": "Are the values per token plausible?",
    "logging_policy.sampling_density": "Do they belong to the settings that were sampled with?",
    "logging_policy.single_policy": "Is one model, template and setting behind all rows?",
    "target_policy.computed": "Has teacher forcing run for every target policy?",
    "target_policy.coverage": "How many rows have a valid log-probability?",
    "target_policy.logprob_range": "Are the log-probabilities finite and at most 0?",
    "target_policy.sentinel_values": "Are there fallback constants among them?",
    "target_policy.zero_logprobs": "Are there values of 0 on real text?",
    "target_policy.logprob_density": "Are the values per token plausible?",
    "target_policy.uniform_weights": "Are nearly all weights exactly the same?",
    "target_policy.identical_policies": "Do different policies have the same log-probabilities?",
    "target_policy.row_alignment": "Do the log-probabilities belong to these rows?",
    "target_policy.preclipped": "Did someone clip the log ratios before us?",
    "target_policy.mean_weight": "Is the mean weight 1, as it must be?",
    "target_policy.log_ratio_sign": "Is the mean log ratio at most 0, as it must be?",
    "target_policy.clone_noise": "How much do weights move when the same policy is scored twice?",
    "target_policy.missingness": "Do failed rows differ from the rows that were kept?",
    "judge.scored": "Has every row a judge score?",
    "judge.range": "Do all scores lie on the declared scale?",
    "judge.sentinel_scores": "Are there scores that look like failure defaults?",
    "judge.constant": "Do the scores vary at all?",
    "judge.oracle_leak": "Are oracle labels copies of the scores?",
    "judge.single_judge": "Is one judge and setting behind all scores?",
    "judge.noise": "Does the judge say the same when it is asked again?",
    "judge.calibration": "Are there enough labels to calibrate the judge?",
    "judge.transport": "Does the calibration hold on the target policy's responses?",
    "estimation.required_stages": "Have all stages run that the estimates need?",
    "estimation.ess": "How many rows effectively speak for the policy?",
    "estimation.max_weight_share": "Does one row carry too much of the weight?",
    "estimation.tail_index": "Is the tail of the weights too heavy?",
    "estimation.overlap": "Do the logged responses resemble what the policy would write?",
    "estimation.typicality": "Are the responses typical of the target policy?",
    "estimation.near_zero_weights": "How many rows carry almost no weight?",
    "estimation.calibration_range": "Do target judge scores lie in the labelled range?",
}  # fmt: skip

PROBES: dict[str, str] = {
    "doctor.keys": "Is every key there that an endpoint needs?",
    "doctor.disk": "Is there room for the answers?",
    "doctor.echo": "Does one answer hold a log-probability for every token of the text that was sent?",
    "doctor.sign": "Can the values be log-probabilities at all?",
    "doctor.template": "Does the model read the prompt, and all of it?",
    "doctor.alignment": "Does each value belong to its own token?",
    "doctor.counts": "Asked for no token, does the server write none?",
    "doctor.greedy": "Are words the model wrote itself scored as it wrote them?",
    "doctor.likely": "Is a sensible answer likelier than the same words shuffled?",
    "doctor.noise": "How far apart are two scorings of the same text?",
    "doctor.identical": "Do policies that should differ have different log-probabilities?",
    "doctor.judge": "Can the judge's score be read, five times out of five?",
    "doctor.oracle_judge": "Can the second judge's score be read, five times out of five?",
    "doctor.backup": "Does the backup give the same log-probabilities as the first endpoint?",
    "doctor.controls": "Do the probes notice what is spoilt on purpose?",
}  # fmt: skip

TITLES: dict[str, str] = {
    "dataset.schema": "Readable rows",
    "dataset.duplicate_ids": "Duplicate ids",
    "logging_policy.computed": "Logging log-probabilities computed",
    "logging_policy.logprob_range": "Range of log-probabilities",
    "logging_policy.zero_logprobs": "Log-probabilities of 0",
    "logging_policy.logprob_density": "Log-probability per token",
    "target_policy.computed": "Target log-probabilities computed",
    "target_policy.logprob_range": "Range of log-probabilities",
    "target_policy.zero_logprobs": "Log-probabilities of 0",
    "target_policy.logprob_density": "Log-probability per token",
    "target_policy.log_ratio_sign": "Sign of the log ratio",
    "target_policy.clone_noise": "Noise floor of the clone",
    "target_policy.missingness": "Missing rows",
    "judge.scored": "Scores present",
    "judge.range": "Range of scores",
    "judge.constant": "Variation of scores",
    "estimation.ess": "Effective sample size",
    "estimation.max_weight_share": "Share of the heaviest row",
    "estimation.tail_index": "Tail of the weights",
    "estimation.near_zero_weights": "Rows with almost no weight",
    "doctor.keys": "Keys",
    "doctor.disk": "Free disk space",
    "doctor.sign": "Values",
    "doctor.template": "Text before the response",
    "doctor.alignment": "Values and tokens",
    "doctor.counts": "Number of tokens",
    "doctor.greedy": "The model's own words",
    "doctor.likely": "Likely against shuffled",
    "doctor.identical": "Different policies",
    "doctor.oracle_judge": "Second judge",
    "doctor.controls": "Must-fail controls",
}

ESTIMATORS: dict[str, str] = {
    "ips": "IPS",
    "snips": "SNIPS",
    "ips_clipped": "IPS, clipped weights",
    "snips_clipped": "SNIPS, clipped weights",
    "calibrated_weights": "Calibrated weights",
    "psis": "Pareto-smoothed IPS",
    "fresh_draw_mean": "Mean of fresh draws",
    "calibrated_fresh_draw_mean": "Calibrated mean of fresh draws",
    "doubly_robust": "Doubly robust",
}
VERDICTS: dict[str, str] = {
    "report": "REPORT",
    "rank_only": "ORDER ONLY",
    "refuse": "NO NUMBER",
    "not_evaluated": "NOT EVALUATED",
}
STATUSES: dict[str, str] = {"pass": "Pass", "warn": "Warning", "fail": "Fail", "not_evaluated": "Not evaluated"}
OUTCOMES: dict[str, str] = {
    "ship": "Ship",
    "no_ship": "Do not ship",
    "undecided": "Undecided",
    "unhealthy": "Cannot be decided",
}
FIGURES: dict[str, str] = {
    "template_tokens": "Template tokens",
    "role_markers": "Role markers",
    "runaway": "Runaway responses",
    "truncation": "Truncation",
    "repetition": "Repetition",
    "response_length": "Length of responses",
    "response_tokens": "Tokens of responses",
    "prompt_length": "Length of prompts",
    "margin": "Log-prob margins",
}
REWARDS: dict[str, str] = {"judge": "Judge score", "calibrated": "Calibrated reward", "oracle": "Oracle label"}
ROLES: dict[str, str] = {"logging": "logging policy", "target": "target policy", "clone": "clone (noise floor)"}


def check_title(check_id: str) -> str:
    """Return a check's name for people.

    Examples
    --------
    >>> check_title("target_policy.mean_weight")
    'Mean weight'
    """
    name = check_id.split(".", 1)[-1].replace("_", " ")
    return TITLES.get(check_id, name.capitalize())


def stage_title(stage: str) -> str:
    """Return a stage's name for people; an unknown one as it is, without underscores."""
    return STAGES[stage][0] if stage in STAGES else stage.replace("_", " ").capitalize()


def stage_purpose(stage: str) -> str:
    """Return what a stage does and why it matters."""
    return STAGES[stage][1] if stage in STAGES else ""
