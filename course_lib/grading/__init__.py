"""Grading: assignments go out, submissions come back, and are marked in a jail by checks that they cannot reach.

`batch` hands each submission to a process of its own (`examiner`), which starts the student's code in a jail
(`jail`, `jailed`) and asks it questions over a socket (`wire`). Nothing that comes back is more than plain data.
"""
