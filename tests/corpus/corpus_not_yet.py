"""Entries that are not yet judged or named as they should be: who mends one takes it out."""

NOT_YET_RIGHT = frozenset()
NOT_YET_NAMED = {}
