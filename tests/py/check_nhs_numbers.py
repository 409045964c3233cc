"""Reads NHS numbers from stdin, one a line; every one must be valid, synthetic and different from the others."""

import sys

import nhs_number

numbers = [line.strip() for line in sys.stdin]
for number in numbers:
    if not nhs_number.is_valid(number, for_region=nhs_number.REGION_SYNTHETIC):
        sys.exit(f"{number} is not a valid synthetic NHS number")
if len(set(numbers)) != len(numbers):
    sys.exit("a number was drawn twice")
print(f"{len(numbers)} valid and synthetic")
