"""The report: building it, its published schema, and writing it whole or not at all."""

from autograder.report.build import build_report
from autograder.report.files import read_report, to_json, write_report
from autograder.report.schema import SCHEMA_VERSION, report_schema, validate

__all__ = [
    "SCHEMA_VERSION",
    "build_report",
    "read_report",
    "report_schema",
    "to_json",
    "validate",
    "write_report",
]
