"""Numbers drawn as SVG paths, in units of their own: the picture is stretched to its box."""

from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 100.0, 24.0, 2.0
MIN_POINTS = 2


def spark(values: Sequence[float | None]) -> str:
    """Draw the days as an SVG path; a day without a value leaves a gap."""
    known = [value for value in values if value is not None]
    if len(known) < MIN_POINTS:
        return ""
    least, most = min(0.0, *known), max(known)
    span = (most - least) or 1.0
    step = WIDTH / (len(values) - 1)
    path, is_drawing = [], False
    for at, value in enumerate(values):
        if value is not None:
            height = HEIGHT - MARGIN - (value - least) / span * (HEIGHT - 2 * MARGIN)
            path.append(f"{'L' if is_drawing else 'M'}{at * step:.1f} {height:.1f}")
        is_drawing = value is not None
    return " ".join(path)
