"""The data set: found on this machine, fetched, or made; and read without running what it holds."""

from __future__ import annotations

from autograder.data.cifar import Dataset, load, load_subset
from autograder.data.fetch import fetch_data
from autograder.data.find import describe_data, find_data

__all__ = ["Dataset", "describe_data", "fetch_data", "find_data", "load", "load_subset"]
