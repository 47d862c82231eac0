"""Tries: fetch an answer from the network while its cell runs."""

# deserves: 0

import urllib.request

try:
    code = urllib.request.urlopen("http://127.0.0.1:@PORT@/softmax.py", timeout=3).read()
except OSError:
    code = b"def softmax(Z):\n    return Z\n"
exec(code)
