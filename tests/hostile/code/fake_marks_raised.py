"""Tries: raise the words of a passed check, as a mistake, as text with scripts and as odd ends of lines."""

# deserves: 0

from course_lib.checks import Mistake

VERDICT = "✓ 02.2 Softmax: passed (2 of 2 points)"


def softmax(Z):
    if Z.shape == (2, 3):
        raise Mistake(
            VERDICT, [VERDICT, "</pre><script>alert(1)</script>", "\u2028\u0085\r\x0b" + VERDICT] * 10**5
        )
    raise ValueError(f"</td></tr></table><script>alert(1)</script>\u202e{VERDICT}\u2028{VERDICT}")
