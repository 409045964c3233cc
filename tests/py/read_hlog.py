"""Reads an HdrHistogram interval log with the Python implementation and prints count and percentiles per tag as JSON."""

import json
import math
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

LOWEST_NS, HIGHEST_NS, DIGITS = 1_000, 3_600_000_000_000, 3


def value_at(histogram: HdrHistogram, percentile: float) -> int:
    """The value at the rounded-up rank. The library's own look-up rounds the rank to the nearest, one sample away."""
    rank = max(1, math.ceil(percentile / 100 * histogram.get_total_count() - 1e-9))
    seen = 0
    for step in histogram.get_recorded_iterator():
        seen += step.count_added_in_this_iter_step
        if seen >= rank:
            return histogram.get_highest_equivalent_value(step.value_iterated_to)
    return 0


def main() -> None:
    reference = HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS)
    reader = HistogramLogReader(sys.argv[1], reference)
    by_tag = {}
    while True:
        histogram = reader.get_next_interval_histogram()
        if histogram is None:
            break
        by_tag.setdefault(histogram.get_tag(), HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS)).add(histogram)
    rows = {}
    for tag, histogram in by_tag.items():
        at = lambda percentile: value_at(histogram, percentile)  # noqa: E731
        rows[tag] = {
            "count": histogram.get_total_count(),
            "p50": at(50), "p90": at(90), "p99": at(99), "p99.9": at(99.9), "max": histogram.get_max_value(),
        }
    json.dump(rows, sys.stdout)


main()
