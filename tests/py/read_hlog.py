"""Reads an HdrHistogram interval log with the Python implementation and prints count and percentiles per tag as JSON."""

import json
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

LOWEST_NS, HIGHEST_NS, DIGITS = 1_000, 3_600_000_000_000, 3


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
        at = histogram.get_value_at_percentile
        rows[tag] = {
            "count": histogram.get_total_count(),
            "p50": at(50), "p90": at(90), "p99": at(99), "p99.9": at(99.9), "max": histogram.get_max_value(),
        }
    json.dump(rows, sys.stdout)


main()
