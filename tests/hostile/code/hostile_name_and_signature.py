"""Tries: have a name of megabytes with scripts in it, and a signature that is none."""

# deserves: 0


def softmax(Z):
    return Z


softmax.__name__ = softmax.__qualname__ = "<script>alert(1)</script>\n✓ 02.2 passed" * 10**5
softmax.__signature__ = "(Z)"
softmax.__wrapped__ = softmax
softmax.__doc__ = "\ud800" * 10**6
softmax.__defaults__ = ("=1+1",)
