"""Find, fetch or generate an assignment's data set, and read it with the assignment's own reader."""

from autograder.data.fetch import fetch_data
from autograder.data.find import describe_data, find_data
from autograder.data.read import data_loader

__all__ = ["data_loader", "describe_data", "fetch_data", "find_data"]
