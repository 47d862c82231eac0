"""Tries: return text: half of a pair, scripts, a formula, ends of lines."""

# deserves: 0


def softmax(Z):
    return '\ud800=HYPERLINK("http://127.0.0.1:@PORT@")\r\n<script>alert(1)</script>\u202e\0'
