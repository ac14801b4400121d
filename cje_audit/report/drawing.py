"""Small drawings as SVG text for the offline report: intervals and histograms; every number also stands in a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cje_audit.domain.report import Histogram

WIDTH, ROW, LEFT, PAD = 720, 34, 190, 24


@dataclass(frozen=True)
class Bar:
    """One line of the interval plot; `value` None says that there is no number."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    truth: float | None = None


def intervals(bars: Sequence[Bar]) -> Markup:
    """Draw one dot and interval per policy; a hollow diamond is the known truth.

    Examples
    --------
    >>> "no number" in intervals([Bar("b", None, None, None)])
    True
    """
    known = [v for b in bars for v in (b.value, b.low, b.high, b.truth) if v is not None]
    if not known:
        return _svg(len(bars) * ROW + PAD, [_row(b, i, None) for i, b in enumerate(bars)])
    low, high = min(known), max(known)
    room = (high - low) * 0.06 if high > low else 0.5
    axis = _Axis(low - room, high + room)
    rows = [_row(b, i, axis) for i, b in enumerate(bars)]
    height = len(bars) * ROW
    ticks = [
        Markup('<text x="{x:.1f}" y="{y}" text-anchor="middle" class="tick">{v:.3g}</text>').format(
            x=axis.x(v), y=height + 16, v=v
        )
        for v in axis.ticks()
    ]
    return _svg(height + PAD, [*rows, *ticks])


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - PAD) * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        return [self.low + (self.high - self.low) * k / 4 for k in range(5)]


def _row(bar: Bar, number: int, axis: _Axis | None) -> Markup:
    y = number * ROW + ROW / 2
    label = Markup('<text x="{x}" y="{y}" text-anchor="end">{t}</text>').format(x=LEFT - 12, y=y + 4, t=bar.label)
    if axis is None or bar.value is None or bar.low is None or bar.high is None:
        return label + Markup('<text x="{x}" y="{y}" class="tick">no number</text>').format(x=LEFT, y=y + 4)
    parts = [
        label,
        Markup('<line x1="{a:.1f}" x2="{b:.1f}" y1="{y}" y2="{y}" class="interval"/>').format(
            a=axis.x(bar.low), b=axis.x(bar.high), y=y
        ),
        Markup('<circle cx="{x:.1f}" cy="{y}" r="5" class="dot"/>').format(x=axis.x(bar.value), y=y),
    ]
    if bar.truth is not None:
        x = axis.x(bar.truth)
        points = f"{x:.1f},{y - 7} {x + 6:.1f},{y} {x:.1f},{y + 7} {x - 6:.1f},{y}"
        parts.append(Markup('<polygon points="{p}" class="truth"/>').format(p=points))
    return Markup("").join(parts)


def histogram(drawn: Histogram, title: str) -> Markup:
    """Draw counts between edges; the dotted line marks a log ratio of 0, which is weight 1."""
    height, width = 120, WIDTH - PAD
    most = max(drawn.counts)
    low, high = drawn.edges[0], drawn.edges[-1]
    if not most or high <= low:
        return Markup("")
    scale = (width - PAD) / (high - low)
    bars = [
        Markup('<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" class="bar"/>').format(
            x=PAD + (a - low) * scale, y=height - height * n / most, w=max((b - a) * scale - 1, 1), h=height * n / most
        )
        for a, b, n in zip(drawn.edges[:-1], drawn.edges[1:], drawn.counts, strict=True)
    ]
    ends = [
        Markup('<text x="{x:.1f}" y="{y}" text-anchor="{k}" class="tick">{v:.3g}</text>').format(
            x=x, y=height + 16, k=k, v=v
        )
        for x, k, v in ((PAD, "start", low), (width, "end", high))
    ]
    one = []
    if low <= 0 <= high:
        one = [
            Markup('<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{y}" class="one"/>').format(
                x=PAD - low * scale, y=height
            )
        ]
    return _svg(height + PAD, [Markup("<title>{}</title>").format(title), *bars, *one, *ends])


def _svg(height: float, parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg viewBox="0 0 {w} {h}" role="img">').format(w=WIDTH, h=height)
    return head + Markup("").join(parts) + Markup("</svg>")
