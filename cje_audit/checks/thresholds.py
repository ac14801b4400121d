"""Every threshold of every check: one table, each with its unit and its reason. `docs/checks.md` prints it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number a check compares with."""

    name: str
    value: float
    unit: str
    reason: str


TABLE: list[Threshold] = []


def _limit(name: str, value: float, unit: str, reason: str) -> float:
    TABLE.append(Threshold(name, value, unit, reason))
    return value


ROW_FAULT_FAIL = _limit(
    "row_fault.fail",
    0.05,
    "share of rows",
    "up to 5 % the affected cells go missing and bounds tell; above, the cause is systematic",
)
MISSING_FAIL = _limit(
    "missing.fail", 0.2, "share of rows", "with a fifth of the rows missing, the bounds are too wide to decide anything"
)
LOGGING_MISSING_FAIL = _limit(
    "logging_policy.computed.fail",
    0.5,
    "share of rows",
    "below half, the scoring step did not complete; every policy needs these values",
)
TARGET_COMPUTED_FAIL = _limit(
    "target_policy.computed.fail",
    0,
    "share of rows",
    "a single valid log-prob shows that the stage has run; coverage says how far it got",
)
EXAMPLES = 20

MANIFEST_GAPS = _limit(
    "manifest.gaps",
    0,
    "gaps and mismatches",
    "a manifest is compared exactly, each figure to the decimals it is written with",
)

TRUNCATED_WARN = _limit(
    "dataset.truncation.warn", 0.01, "share of rows", "and at least 5 rows; a cut response has no scored end token"
)
TRUNCATED_ROWS = _limit("dataset.truncation.rows", 5, "rows", "fewer cut responses move no estimate")
UNFINISHED_WARN = _limit(
    "dataset.truncation.unfinished",
    0.3,
    "share of the longest tenth",
    "without finish reasons: responses that stop in mid-sentence",
)
UNFINISHED_LIFT = _limit(
    "dataset.truncation.lift",
    0.2,
    "share above the shorter half",
    "a length limit cuts long responses, careless punctuation does not",
)
UNFINISHED_P = _limit(
    "dataset.truncation.p", 0.001, "p-value", "one-sided two-proportion test, longest tenth against shorter half"
)

TEXT_MARK_SHARE = _limit(
    "dataset.text_marks.share", 0.01, "share of rows", "role markers, invented turns and loops; fewer are quotations"
)
TEXT_MARK_ROWS = _limit("dataset.text_marks.rows", 5, "rows", "and at least so many")
LOOP_TIMES = _limit("dataset.runaway.times", 4, "repetitions", "at the end of a response; one fewer of a long unit")
LOOP_CHARS = _limit("dataset.runaway.characters", 100, "characters", "that the repetition covers; a refrain is shorter")

RESOLUTION_FLOOR = _limit(
    "sentinel.resolution_floor",
    1e-9,
    "nats",
    "resolution assumed of a column that lies on no grid; a coarser one, such as that of float32 logits, shows",
)
EXACT_FLOOR = _limit(
    "sentinel.exact_floor", 1e-7, "nats", "resolution assumed when a value equals a known fallback constant exactly"
)
GRID_FIT = _limit(
    "sentinel.grid_fit",
    0.95,
    "share of distinct values",
    "that must lie on a grid before the column counts as rounded to it",
)
OFF_GRID = _limit("sentinel.off_grid", 1e-6, "steps of the grid", "further off is no error of floating point")
ODD_ROUND = _limit(
    "sentinel.round", 0.05, "chance of so few digits", "a rounder value cannot be one response to two like prompts"
)
TIE_P = _limit(
    "sentinel.tie_p",
    0.02,
    "expected values",
    "that a clean column shares so often; two rows only warn, and two of six decimals must be seen",
)
ROUNDED_PART = _limit("sentinel.rounded_part", 0.05, "share of rows", "rounded more coarsely than the rest, may tie")
ROUNDED_VALUES = _limit("sentinel.rounded_values", 10, "distinct values", "in that part; constants are fewer")
ROUNDED_LIFT = _limit("sentinel.rounded_lift", 3, "times the multiples expected", "in a column of that resolution")
ATOM_TIE_P = _limit("sentinel_scores.tie_p", 1e-3, "expected values", "that a clean fine column of scores shares so")
MIN_CELLS = _limit(
    "sentinel.min_cells",
    50,
    "grid cells across the column",
    "in a column rounded more coarsely than that, ties say nothing",
)
TIE_LIFT = _limit(
    "sentinel.tie_lift", 1.99, "times the neighbours' count", "a fallback constant stands out from its neighbourhood"
)
FEW_SHARERS = _limit(
    "sentinel.few_sharers",
    4,
    "texts",
    "so few must differ in length: the same response to two spellings of a prompt ties rightly",
)
KNOWN_P = _limit(
    "sentinel.known_p", 1e-3, "expected exact hits", "on any known constant in a clean column of this resolution"
)
MISFIT_Z = _limit(
    "sentinel.misfit_z",
    6.0,
    "robust deviations of log(nats per character)",
    "a known constant that cannot be this text's log-prob",
)
MISFIT_HITS = _limit(
    "sentinel.misfit_hits", 0.05, "expected hits", "a known constant that its neighbourhood hardly leads one to expect"
)
NEAR_ZERO = _limit(
    "sentinel.near_zero",
    0.1,
    "nats",
    "above −0.1 short, almost certain answers tie rightly; only long texts are looked at",
)
LONG_TEXT = _limit(
    "sentinel.long_text", 40, "characters", "where tokens are not counted; no text this long ties near 0 all alone"
)
LONG_TOKENS = _limit("sentinel.long_tokens", 8, "tokens", "where they are counted")
CARRIED_ROWS = _limit("sentinel.carried_rows", 3, "rows", "with the value of the row before, another text's")
CARRIED_P = _limit("sentinel.carried_p", 1e-6, "p-value", "that so many neighbours tie by chance")
CARRIED_STEPS = _limit(
    "sentinel.carried_steps", 10, "steps of the grid", "by which neighbours miss each other, that ties are held against"
)
CARRIED_ALIKE = _limit(
    "sentinel.carried_alike", 0.1, "interquartile ranges", "neighbours this close on the whole: the column is sorted"
)
COMMON_LENGTH = _limit(
    "sentinel.common_length", 0.01, "share of the other rows", "equal lengths this common do not mean equal responses"
)
CLAMP = _limit(
    "sentinel.clamp", 9999.0, "nats", "vLLM writes −9999.0 for minus infinity; a sum that holds one is no measurement"
)
CLAMP_DENSITY = _limit("sentinel.clamp_density", 20.0, "nats per character", "beyond what any text reaches")

ZERO_CHARS = _limit(
    "zero_on_text.characters", 32, "characters", "eight tokens of four; a model may be certain of a word, not of more"
)
ZERO_NATS = _limit(
    "zero_on_text.nats", 2.0**-23, "nats", "on such text as good as 0: single precision has no value in between"
)
ZERO_TOKENS = _limit(
    "zero_on_text.tokens", 5, "tokens", "five tokens in a row with probability exactly 1 do not happen"
)
COARSE_ZERO = _limit(
    "zero_on_text.coarse", 0.05, "nats", "in a column rounded this coarsely an exact 0 is only a small number"
)
ZERO_ALL = _limit("zero_logprobs.all", 0.9, "share of rows", "nearly all values 0: the server ignored the request")

SAMPLING_SCORED = _limit(
    "sampling_density.scored",
    1,
    "temperature, top_p",
    "log-probs are those of the unchanged distribution; any other setting samples from another one",
)
DENSITY_ROWS = _limit("logprob_density.rows", 20, "rows", "fewer do not fix a median")
DENSITY_HIGH = _limit(
    "logprob_density.high", 10.0, "nats per character", "a uniform guess over 100,000 tokens costs 11.5 nats per token"
)
DENSITY_LOW = _limit(
    "logprob_density.low", 0.02, "nats per character", "half of the 0.04 that a strong model needs for its own text"
)
DENSITY_TREND = _limit(
    "logprob_density.trend",
    0.5,
    "growth exponent with length",
    "a sum grows like length (exponent 1), a mean not at all; judged by the 99 % upper limit",
)
DENSITY_RATIO = _limit(
    "logprob_density.ratio",
    30.0,
    "times the logging log-prob",
    "median over rows; no policy change does this, a unit does",
)

REPEATED_TEXTS = _limit("single_policy.texts", 5, "texts", "scored more than once; fewer show no pattern")
REPEATED_NATS = _limit(
    "single_policy.nats", 0.5, "nats", "median distance of one text's log-probs; scoring noise is smaller"
)

TIED = _limit("uniform_weights.tied", 0.9, "share of rows", "weights exactly tied (within 1e-6 nats)")
TIED_NATS = _limit("uniform_weights.nats", 1e-6, "nats", "log ratios this close count as tied")
TIED_ROWS = _limit("uniform_weights.rows", 10, "rows", "fewer rows may tie by chance")
CERTAIN = _limit(
    "uniform_weights.certain", 1e-3, "nats", "answers more certain than this tie under every policy and are left out"
)

MEAN_LOW = _limit("mean_weight.low", 0.9, "mean raw weight", "lower end of what is practically 1")
MEAN_HIGH = _limit("mean_weight.high", 1.1, "mean raw weight", "upper end of what is practically 1")
MEAN_WARN_LEVEL = _limit("mean_weight.warn_level", 0.99, "confidence", "interval wholly outside: warn")
MEAN_FAIL_LEVEL = _limit("mean_weight.fail_level", 0.999, "confidence", "interval wholly outside: fail")
MEAN_KHAT = _limit("mean_weight.khat", 0.7, "k̂", "from here on the mean's interval means nothing")
MEAN_USELESS = _limit(
    "mean_weight.useless", 0.5, "half-width of the 95 % interval", "wider intervals cannot tell 1 from a wrong mean"
)

MEAN_UNSEEN = _limit(
    "mean_weight.unseen",
    3.29,
    "errors of a log-normal mean",
    "a mean below 1 must deviate by more, or heavy rows were just not drawn",
)
MEAN_THIN_OVERLAP = _limit(
    "mean_weight.thin_overlap", 0.8, "E[√w]/√E[w]", "below, a mean under 1 is expected: the heavy rows were not drawn"
)

ALIGNMENT_ROWS = int(
    _limit("row_alignment.rows", 40, "rows", "fewer do not tell one order from another; also the shortest stretch")
)
ALIGNMENT_PARTS = _limit("row_alignment.parts", 8, "stretches of the file", "each is looked at by itself")
ALIGNMENT_Z = _limit(
    "row_alignment.z", 5, "errors of a difference of rank correlations", "another order fits better than the given one"
)
ALIGNMENT_GAIN = _limit("row_alignment.gain", 0.25, "rank correlation", "and by at least so much")
ALIGNMENT_LEVEL = _limit(
    "row_alignment.level", 0.9999, "confidence", "upper limit of the rank correlation of two log-prob columns"
)
ALIGNMENT_LOW = _limit(
    "row_alignment.low", 0.3, "rank correlation", "two policies' log-probs of the same texts go together more closely"
)
ALIGNMENT_LENGTH = _limit(
    "row_alignment.length", 0.4, "rank correlation with length", "from here on length drives the log-probs"
)
ALIGNMENT_SPREAD = _limit(
    "row_alignment.spread", 3, "ratio of interquartile ranges", "a column that varies more has a reason of its own"
)
PILE_ROWS = _limit("preclipped.rows", 3, "texts", "at one log ratio; two may meet")
PILE_ZEROS = _limit("preclipped.zeros", 2, "texts", "at a log ratio of exactly 0: filled in from the logging policy")
PILE_P = _limit("preclipped.p", 1e-3, "expected values", "at which clean log ratios pile up so")
PILE_FAIL = _limit("preclipped.fail", 0.005, "share of rows", "up to here the pile-up warns, above it fails")

SIGN_MARGIN = _limit("log_ratio_sign.margin", 0.1, "nats", "the lower limit must exceed this")
SIGN_WARN = _limit("log_ratio_sign.warn", 0.25, "nats", "mean log ratio, with the 99 % lower limit above the margin")
SIGN_FAIL = _limit("log_ratio_sign.fail", 0.5, "nats", "mean log ratio, with the 99.9 % lower limit above the margin")

NOISE_ESS = _limit(
    "clone_noise.ess_fraction", 0.9, "ESS fraction of the clone", "scoring noise alone costs a tenth of the sample"
)

MISSING_ROWS = _limit("missingness.rows", 10, "missing rows", "fewer show no pattern")
MISSING_P = _limit("missingness.p", 0.001, "p-value", "rank test, two-sided, for each of three columns")
MISSING_SIZE = _limit(
    "missingness.size", 0.15, "distance of the superiority from ½", "smaller differences move no estimate"
)

JUDGE_NOISE = _limit(
    "judge.noise.warn",
    0.5,
    "share of the variance of row means",
    "above, chance tells the rows apart more than the judge",
)
CONSTANT_ROWS = _limit("judge.constant.rows", 10, "scores", "fewer may agree by chance")

ATOM_SCORES = _limit("sentinel_scores.scores", 30, "scores", "fewer do not show what is isolated")
ATOM_TEXTS = int(_limit("sentinel_scores.texts", 3, "texts", "that share a score before it counts as an atom"))
ATOM_FINE = _limit("sentinel_scores.fine", 0.5, "distinct values per score", "from here on the column counts as fine")
ATOM_GRID = _limit("sentinel_scores.grid", 1e-6, "of the scale's width", "resolution assumed at least")
ATOM_SATURATED = _limit(
    "sentinel_scores.saturated", 0.02, "of the scale's width", "scores this close to an end may round to it"
)
ATOM_VALUES = _limit("sentinel_scores.values", 5, "distinct scores", "a judge with fewer has nothing but atoms")
ATOM_LEVEL = _limit(
    "sentinel_scores.level", 0.999, "confidence", "that labels, surprisal or length follow the scores at all"
)
ATOM_NEIGHBOURS = _limit("sentinel_scores.neighbours", 20, "rows", "scored next to an atom, that it is held against")
ATOM_P = _limit("sentinel_scores.p", 1e-5, "p-value", "rank test of an atom's rows against those scored nearest")
ATOM_P_ELSEWHERE = _limit(
    "sentinel_scores.p_elsewhere",
    1e-7,
    "p-value",
    "away from the ends, the middle, 0 and −1, where failures seldom are",
)
ATOM_SIZE = _limit("sentinel_scores.size", 0.2, "distance of the superiority from ½", "and they differ by so much")
ATOM_NEAR = _limit("sentinel_scores.near", 0.1, "of the scale's width", "what counts as near an atom")
ATOM_ALONE = _limit(
    "sentinel_scores.alone", 4, "times the scores near it", "an atom in a coarse column that warns without evidence"
)

SCALE_ROWS = _limit("single_judge.rows", 3, "scores", "on another scale")
SCALE_SHARE = _limit("single_judge.share", 0.01, "share of scores", "and at least so many")
SCALE_STEP = _limit(
    "single_judge.step", 0.2, "of the narrower scale", "the other scores are written so coarsely, or nothing is said"
)
COPY_VALUES = _limit("single_judge.values", 3, "distinct scores", "fewer have no spread that could be a copy")
COPY_ALIKE = _limit(
    "single_judge.alike", 0.001, "p-value", "of a test that calls the low scores, multiplied, other than all others"
)
COPY_CLOSE = _limit(
    "single_judge.close", 0.05, "p-value", "of that test; where it is smaller, fine writing is no proof"
)
COPY_GAP = _limit(
    "single_judge.gap", 0.001, "p-value", "that so few scores lie above them, where honest ones grow more frequent"
)
COPY_PEAK = _limit(
    "single_judge.peak", 0.01, "p-value", "that so few lie below; scores of a strict judge pile up at the end itself"
)
COPY_LABELS = _limit(
    "single_judge.labels", 0.001, "p-value", "rank test of their labels, once their spread already speaks"
)
LEAK_ROWS = _limit("oracle_leak.rows", 20, "labelled rows", "fewer may agree by chance")
LEAK_SHARE = _limit("oracle_leak.share", 0.9, "share of labels", "equal to the score")
LEAK_VALUES = _limit("oracle_leak.values", 5, "distinct values", "two coarse columns may agree rightly")
LEAK_LINE = _limit("oracle_leak.line", 0.9999, "correlation", "no second opinion lies on a straight line")
LEAK_CELLS = _limit(
    "oracle_leak.cells", 10, "steps across label − score", "in coarser or closer agreement, equal values are honest"
)
LEAK_LIFT = _limit("oracle_leak.lift", 2, "times the labels that miss by a step", "that hit the score exactly")
LEAK_P = _limit("oracle_leak.p", 1e-5, "p-value", "that so many labels hit the score exactly")
LEAK_FEW = _limit("oracle_leak.few", 3, "labels", "equal to a score to the fourth decimal")

REQUIRED_ABSENT = _limit(
    "required_stages.fail",
    0,
    "stages without a value",
    "an estimate is a product of a score and two log-probs; without one of them there is none",
)
ESS_FAIL_ROWS = _limit("estimation.ess.fail", 10, "effective rows", "an average over ten rows has no usable interval")
ESS_WARN_ROWS = _limit(
    "estimation.ess.warn", 30, "effective rows", "the t interval of a weighted mean needs about thirty"
)
ESS_FEW_FRACTION = _limit(
    "estimation.ess.few_fraction",
    0.5,
    "ESS fraction",
    "few effective rows warn only where weights, not a small file, made them few",
)
ESS_FAIL_FRACTION = _limit(
    "estimation.ess.fail_fraction", 0.01, "ESS fraction", "one row in a hundred speaks: the estimate is theirs alone"
)
ESS_WARN_FRACTION = _limit(
    "estimation.ess.warn_fraction", 0.1, "ESS fraction", "nine in ten rows say almost nothing about this policy"
)
SHARE_FAIL = _limit(
    "estimation.max_weight_share.fail", 0.25, "share of all weight", "one row decides a quarter of the answer"
)
SHARE_WARN = _limit(
    "estimation.max_weight_share.warn", 0.1, "share of all weight", "one row decides a tenth of the answer"
)
SHARE_EQUAL = _limit(
    "estimation.max_weight_share.equal", 5, "times the equal share 1/n", "in few rows a large share is no sign"
)
KHAT_FAIL = _limit("estimation.tail_index.fail", 1.0, "k̂", "the sample looks as if the mean weight did not exist")
UNSEEN_ROWS = _limit(
    "estimation.tail_index.unseen",
    1,
    "log-normal rows, n·exp(−s²)",
    "log-normal weights of the upper half's spread are worth less than one row: the heavy rows were not drawn",
)
UNSEEN_KHAT = _limit(
    "estimation.tail_index.unseen_khat", 0.4, "k̂", "and the tail looks heavy too; two kinds of text alone do not"
)
SQRT_FAIL = _limit(
    "estimation.overlap.fail",
    0.3,
    "E[√w]/√E[w]",
    "for log-normal weights .3 is an ESS fraction of 7e-5: the logs hardly contain this policy",
)
SQRT_WARN = _limit(
    "estimation.overlap.warn", 0.6, "E[√w]/√E[w]", "for log-normal weights .6 is an ESS fraction of .017"
)
NEAR_ZERO_FAIL = _limit(
    "estimation.near_zero_weights.fail", 0.9, "share of rows", "weights below 1e-6 on nine rows in ten"
)
NEAR_ZERO_WARN = _limit(
    "estimation.near_zero_weights.warn", 0.5, "share of rows", "weights below 1e-6 on half the rows"
)

TYPICAL_ROWS = _limit(
    "estimation.typicality.rows", 30, "rows with token counts", "fewer do not fix a quantile of the surprisal"
)
TYPICAL_WARN = _limit(
    "estimation.typicality.warn",
    0.5,
    "share of rows",
    "equal policies have .9; a sharper one at an ESS fraction of .4 still has .6 (simulated; arXiv 2512.11150 uses .7)",
)
TYPICAL_FAIL = _limit(
    "estimation.typicality.fail", 0.1, "share of rows", "nine in ten logged responses are ones it would hardly write"
)

TAME_ROWS = _limit(
    "interval.tame.ess",
    100,
    "effective rows",
    "below, and with an ESS fraction below .9, the t interval covers too little",
)
TAME_FRACTION = _limit("interval.tame.fraction", 0.9, "ESS fraction", "nearly equal weights are as good as none")
TAME_LEAST = _limit(
    "interval.tame.least", 0.2, "ESS fraction", "below, a sample looks tame just when its heavy rows were not drawn"
)
TAME_SHARE = _limit(
    "interval.tame.share", 0.05, "share of all weight", "heavier rows, and the t interval covers less than 93 %"
)
TAME_KHAT = _limit("interval.tame.khat", 0.5, "k̂", "from here on the weights' variance is not finite")
CALIBRATION_Z = _limit(
    "judge.calibration.z",
    2.33,
    "standard errors of the gain",
    "the curve must predict unseen labels better than their mean does, at 1 %",
)
TRANSPORT_LABELS = _limit("judge.transport.labels", 10, "labelled fresh draws", "fewer give no interval worth reading")
TRANSPORT_MARGIN = _limit(
    "judge.transport.margin", 0.05, "of the label scale", "a smaller mean error of the calibration changes no decision"
)
TRANSPORT_LEVEL = _limit(
    "judge.transport.level",
    0.99,
    "confidence",
    "that the error is not 0, where it may yet be within the margin; then only the order stands",
)
RANGE_SHARE = _limit(
    "estimation.calibration_range.share",
    0.05,
    "share of the policy",
    "twice what a hundred labels leave beyond their ends by chance",
)
RANGE_NEAR = _limit(
    "estimation.calibration_range.near",
    0.05,
    "of the labelled range",
    "scores this close beyond an end are no guess: the curve cannot bend much there",
)
LABELS_PRIMARY = _limit(
    "primary.labels", 100, "labelled rows used", "with fewer, the headline is the judge's average, and says so"
)
BOUNDS_WHOLE_SCALE = _limit(
    "missing_bounds.whole_scale",
    0.05,
    "share of rows without a log-prob",
    "above, the bound without the equal-weight assumption is printed too",
)
RESCORING_NATS = _limit(
    "rescoring.nats",
    0.005,
    "nats per token, median of 20 intact rows",
    "half-precision kernels move single tokens, which averages out over a response; another prompt shifts all of it",
)
RESCORING_SCALE = _limit(
    "rescoring.scale",
    0.1,
    "of the judge's scale, median of 20 intact rows",
    "a judge asked twice keeps to this; another judge or rubric seldom does",
)
AGREES = _limit(
    "truth.agrees", 3.0, "combined standard errors", "an estimate further from its truth is shown as a miss"
)


def markdown() -> str:
    """Return the table as Markdown, as printed in docs/checks.md."""
    head = "| threshold | value | unit | why |\n|---|---|---|---|\n"
    return head + "".join(f"| `{t.name}` | {t.value:g} | {t.unit} | {t.reason} |\n" for t in TABLE)
