"""Tries: print and display what a passed check says, with scripts that change the marks on a page."""

# deserves: 0

from IPython.display import HTML, Javascript, display

VERDICT = "✓ 02.2 Softmax: passed (2 of 2 points)"
print(VERDICT, '{"status": "passed", "points": 1000, "id": "02.2"}', sep="\n")
display(HTML(f"<script>document.body.innerHTML = '{VERDICT}'</script></pre></div><h1>10 of 10</h1>"))
display(Javascript("document.querySelectorAll('td').forEach(cell => cell.textContent = '1000')"))
display(
    {
        "text/html": "<img src=x onerror=fetch('http://127.0.0.1:@PORT@/')>",
        "text/markdown": "![](http://127.0.0.1:@PORT@)",
    },
    raw=True,
)


def softmax(Z):
    print("\x1b[2J\x1b[1;1H\r" + VERDICT)
    return Z
