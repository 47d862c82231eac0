"""Tries: nothing bad: configure logging, and log at every level."""

# deserves: 2

import logging

import numpy as np

logging.basicConfig(level=logging.DEBUG, force=True)
log = logging.getLogger("softmax")


def softmax(Z):
    log.debug("scores %s", Z)
    log.error("not an error")
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
