"""Entries that are not yet judged or named as they should be: who mends one takes it out."""

# Not the points that it must get.
NOT_YET_RIGHT = frozenset[str]()

# A frequent cause without a name, by cause.
_BY_CAUSE: dict[str, str] = {}
NOT_YET_NAMED = {name: cause for cause, names in _BY_CAUSE.items() for name in names.split()}
