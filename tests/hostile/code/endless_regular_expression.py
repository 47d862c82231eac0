"""Tries: compute for ever in a regular expression while its cell runs."""

# deserves: 0

import re

re.match(r"(a+)+$", "a" * 60 + "b")
