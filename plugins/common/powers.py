#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Prints plugins/common/powers.inc: the leading 128 bits of 10^q for q = -342 .. 324, the range
# that reading (10^-342 .. 10^308) and printing (10^-292 .. 10^324) doubles need together.
#
# Rounded as D. Lemire, "Number parsing at a gigabyte per second" (2021), section 5, wants it:
# down, but for -27 <= q < 0, where a reciprocal that is rounded up makes the product exact.
# nearest.h uses the entries as they are; shortest.h adds one where they were rounded down.
#
#   python3 plugins/common/powers.py > plugins/common/powers.inc
# tests/unit/powers.sh compares the two.

FIRST, LAST = -342, 324


def floor_log2_pow10(q):
    """The formula of powers.h; checked below for every q of the table."""
    return (q * 1741647) >> 19


def significand(q):
    if q >= 0:
        value = 10**q
        shift = 128 - value.bit_length()
        assert floor_log2_pow10(q) == value.bit_length() - 1
        return value << shift if shift >= 0 else value >> -shift
    value = 10**-q
    # 2^bits / 10^-q lies in [2^127, 2^128): 10^-q is never a power of two.
    bits = value.bit_length() + 127
    assert floor_log2_pow10(q) == -value.bit_length()
    return (1 << bits) // value + (1 if q >= -27 else 0)


print("/* SPDX-License-Identifier: MIT")
print(" * Written by powers.py; do not edit. */")
for q in range(FIRST, LAST + 1):
    bits = significand(q)
    assert 1 << 127 <= bits < 1 << 128
    high, low = bits >> 64, bits & (2**64 - 1)
    assert low != 2**64 - 1  # shortest.h adds one to it
    print("{0x%016xU, 0x%016xU}, /* %d */" % (high, low, q))
