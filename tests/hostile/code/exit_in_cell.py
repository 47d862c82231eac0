"""Tries: end the process while its cell runs."""

# deserves: 0

import os

os._exit(0)
