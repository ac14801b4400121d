"""Small drawings for the offline report: intervals and histograms; every number also stands in a table or a label.

Positions are percentages of the width and heights are pixels, so text keeps its size from a phone to a printed page.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cje_audit.checks.words import number, span
from cje_audit.domain.report import Histogram
from cje_audit.domain.untrusted import visible

LINE, TICKS, HIGH = 22, 18, 110  # pixels: one interval, the numbers under an axis, a histogram


@dataclass(frozen=True)
class Bar:
    """One line of the interval plot; `value` None says that there is no number, and `said` why."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    truth: float | None = None
    said: str = "no number"


@dataclass(frozen=True)
class Axis:
    """Where values lie between the two ends of a drawing, in percent of its width."""

    low: float
    high: float

    def x(self, value: float) -> float:
        """Return a value's place; a little room is left at both ends."""
        return 1 + 98 * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return three to seven round numbers between the ends.

        Examples
        --------
        >>> Axis(0.04, 0.27).ticks()
        [0.05, 0.1, 0.15, 0.2, 0.25]
        """
        rough = (self.high - self.low) / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * k for k in (1, 2, 2.5, 5, 10) if power * k >= rough * 0.8)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(k * step, 12) for k in range(first, last + 1)]


def intervals(bars: Sequence[Bar]) -> Markup:
    """Draw one dot and interval per policy under its name and numbers; a hollow diamond is the known truth.

    Examples
    --------
    >>> "no number" in intervals([Bar("b", None, None, None)])
    True
    """
    axis = _around([v for b in bars for v in (b.value, b.low, b.high, b.truth) if v is not None])
    drawn = Markup("").join(_row(b, axis) for b in bars)
    return Markup('<div class="forest">{rows}{ticks}</div>').format(
        rows=drawn, ticks=Markup("") if axis is None else _svg(TICKS, "The scale of the lines above", _ticks(axis, 0))
    )


def _around(values: list[float]) -> Axis | None:
    if not values:
        return None
    low, high = min(values), max(values)
    room = (high - low) * 0.04 if high > low else 0.5
    return Axis(low - room, high + room)


def _row(bar: Bar, axis: Axis | None) -> Markup:
    told = bar.said
    drawing = Markup("")
    if axis is not None and bar.value is not None and bar.low is not None and bar.high is not None:
        told = f"{number(bar.value)} (95 % interval {span((bar.low, bar.high))})"
        drawing = _interval(axis, bar.value, bar.low, bar.high, bar.truth, f"{bar.label}: {told}")
    return Markup('<div class="label"><strong>{name}</strong> <span>{told}</span></div>{drawing}').format(
        name=visible(bar.label), told=told, drawing=drawing
    )


def _interval(axis: Axis, value: float, low: float, high: float, truth: float | None, said: str) -> Markup:
    middle = LINE / 2
    parts = [
        Markup('<line x1="0" x2="100%" y1="{y}" y2="{y}" class="grid"/>').format(y=middle),
        Markup('<line x1="{a:.2f}%" x2="{b:.2f}%" y1="{y}" y2="{y}" class="interval"/>').format(
            a=axis.x(low), b=axis.x(high), y=middle
        ),
        Markup('<circle cx="{x:.2f}%" cy="{y}" r="5" class="dot"/>').format(x=axis.x(value), y=middle),
    ]
    if truth is not None:
        parts.append(
            Markup(
                '<svg x="{x:.2f}%" y="{y}" overflow="visible"><polygon points="0,-7 6,0 0,7 -6,0" class="truth"/></svg>'
            ).format(x=axis.x(truth), y=middle)
        )
        said = f"{said}; known truth {number(truth)}"
    return _svg(LINE, said, parts)


def _ticks(axis: Axis, top: float) -> list[Markup]:
    places = [(axis.x(v), v) for v in axis.ticks()]
    return [
        Markup('<text x="{x:.2f}%" y="{y}" text-anchor="{a}" class="tick">{v}</text>').format(
            x=x, y=top + 13, a="start" if x < 6 else "end" if x > 94 else "middle", v=f"{v:g}"
        )
        for x, v in places
    ]


def histogram(drawn: Histogram, title: str) -> Markup:
    """Draw counts between edges; the dotted line marks a log ratio of 0, which is weight 1."""
    most, low, high = max(drawn.counts), drawn.edges[0], drawn.edges[-1]
    if not most or high <= low:
        return Markup("")
    axis = Axis(low, high)
    bars = [
        Markup('<rect x="{x:.2f}%" y="{y:.1f}" width="{w:.2f}%" height="{h:.1f}" class="bar"/>').format(
            x=axis.x(a), y=HIGH - HIGH * n / most, w=axis.x(b) - axis.x(a), h=HIGH * n / most
        )
        for a, b, n in zip(drawn.edges[:-1], drawn.edges[1:], drawn.counts, strict=True)
    ]
    if low <= 0 <= high:
        one = Markup('<line x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{y}" class="one"/>').format(x=axis.x(0), y=HIGH)
        bars.append(one)
    said = f"{title}: from {number(low)} to {number(high)}, the fullest bar holds {most:,} rows"
    return _svg(HIGH + TICKS, said, [*bars, *_ticks(axis, HIGH)])


def _svg(height: float, said: str, parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg width="100%" height="{h}" role="img" aria-label="{s}">').format(h=height, s=visible(said))
    return head + Markup("").join(parts) + Markup("</svg>")
