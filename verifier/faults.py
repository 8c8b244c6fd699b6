"""The two ways in which a check ends badly."""

from __future__ import annotations


class Unreadable(Exception):
    """What was given is not of the form that it should have: nothing can be said about it."""


class NotProved(Exception):
    """It can be read, and it does not hold."""
