"""The faults by name. A transient one may be gone at the next try, a lasting one stays with its text."""

TRANSIENT = (
    "429_s", "429_ms", "429_date", "500", "502", "503", "529", "503_after", "hang", "reset", "reset_late",
    "cut_body", "cut_json", "malformed_json", "html_200", "empty_200", "error_200",
)  # fmt: skip
LYING = (  # a 200 whose numbers must not be believed
    "null_logprobs", "null_value", "ignored_echo", "short_echo", "left_cut_echo", "other_text", "off_by_one",
    "off_by_one_null", "off_by_one_offsets", "wrong_count", "nan", "infinite", "positive", "clamped", "zeros",
)  # fmt: skip
LASTING = ("400", "400_length", "400_filter")
ENDPOINT = ("401", "403", "404", "402", "429_quota", "302")  # these concern every request there is
SILENT = ("shifted", "no_bos")  # nothing in the answer shows it: only a preflight with a known truth can
OTHER = ("slow_drip", "other_model", "judge_prose", "judge_refusal", "judge_range", "judge_echo", "judge_quote")
MIX = TRANSIENT + LYING + LASTING
KINDS = MIX + ENDPOINT + SILENT + OTHER


def even_mix(total: float, kinds: tuple[str, ...] = MIX) -> dict[str, float]:
    """Share `total` evenly among kinds of fault."""
    return dict.fromkeys(kinds, total / len(kinds))
