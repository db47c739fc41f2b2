"""The page of passages in common: groups of submissions beside each other, for a person to read."""
