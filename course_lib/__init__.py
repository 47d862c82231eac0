"""Helpers for the notebooks of the course. Importing it imports nothing heavy."""
