"""That a report rests on a pilot only, in one sentence."""

from cje_audit.domain.pilot import PilotSize


def pilot_warning(size: PilotSize | None) -> tuple[str, ...]:
    """Say that these are not all rows, and what they are for.

    Examples
    --------
    >>> pilot_warning(PilotSize(n=50, n_total=640))[0][:110] + "..."
    'This is a pilot on 50 of 640 rows. It is there to find faults; the decision belongs to the whole run. Its inte...'
    """
    if size is None:
        return ()
    rows = f"{size.n:,} of {size.n_total:,} rows"
    return (
        f"This is a pilot on {rows}. It is there to find faults; the decision belongs to the whole run. Its intervals "
        "are widened so that they hold at every look until all rows are in.",
    )
