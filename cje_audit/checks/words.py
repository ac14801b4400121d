"""How numbers are written in sentences."""

from cje_audit.domain.superscript import superscript


def percent(share: float) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> percent(0.0625), percent(0.0004), percent(1.0), percent(0.9996)
    ('6.2 %', '0.04 %', '100 %', '99.96 %')
    """
    value = 100 * share
    if 0.1 <= value <= 99.9 or value in (0, 100):
        return f"{value:.3g} %" if value >= 10 else f"{value:.2g} %"
    return f"{value:.1g} %" if value < 1 else f"{value:.2f} %"


def number(value: float | None) -> str:
    """Write a number with three significant digits; "not representable" where there is none.

    Examples
    --------
    >>> number(1.26298), number(-0.0000447), number(503.0), number(12345.6), number(None)
    ('1.26', '−4.47 × 10⁻⁵', '503', '12,346', 'not representable')
    """
    if value is None:
        return "not representable"
    text = f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value + 0.0:.3g}"
    digits, _, exponent = text.partition("e")
    power = f" × 10{superscript(int(exponent))}" if exponent else ""
    return digits.replace("-", "−") + power


def count(n: int, total: int) -> str:
    """Write "x of n".

    Examples
    --------
    >>> count(50, 1503)
    '50 of 1,503'
    """
    return f"{n:,} of {total:,}"


def span(pair: tuple[float, float] | None) -> str:
    """Write an interval.

    Examples
    --------
    >>> span((0.81, 0.87)), span(None)
    ('0.81 to 0.87', 'no interval')
    """
    return "no interval" if pair is None else f"{number(pair[0])} to {number(pair[1])}"
