"""What comes with the homework."""


def describe(array):
    """An array's shape and mean in words."""
    return f"shape {array.shape}, mean {array.mean():.3f}"
