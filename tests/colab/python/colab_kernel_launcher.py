"""Start a kernel with `google.colab` imported, as Colab's own launcher does."""

import google.colab  # noqa: F401
from ipykernel import kernelapp

kernelapp.launch_new_instance()
