"""The report: building it, its published schema, and writing it whole or not at all."""

from autograder.report.build import build_report
from autograder.report.files import read_report, sweep_halves, to_json, write_atomically, write_report
from autograder.report.schema import SCHEMA_VERSION, report_schema, validate

__all__ = [
    "SCHEMA_VERSION",
    "build_report",
    "read_report",
    "report_schema",
    "sweep_halves",
    "to_json",
    "validate",
    "write_atomically",
    "write_report",
]
