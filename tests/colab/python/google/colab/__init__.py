"""Stands in for Colab's own package: notebooks only look whether it has been imported."""
