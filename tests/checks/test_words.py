from cje_audit.checks.words import number, percent, span


def test_numbers_in_sentences() -> None:
    assert (percent(0.999999), percent(0.5), percent(0.062)) == ("100.00 %", "50 %", "6.2 %")
    assert (number(-0.0), number(-1234.5), span((0.0, 1.0))) == ("0", "−1,234", "0 to 1")
    assert (number(-2.5e-9), number(1e300)) == ("−2.5 × 10⁻⁹", "1 × 10³⁰⁰")
