"""Build reports, check them against their published schema, and write them whole or not at all."""

from autograder.report.build import ReportFacts, build_report
from autograder.report.files import decode_report, read_report, report_files, to_json, write_report
from autograder.report.schema import SCHEMA_VERSION, report_schema, validate

__all__ = [
    "SCHEMA_VERSION",
    "ReportFacts",
    "build_report",
    "decode_report",
    "read_report",
    "report_files",
    "report_schema",
    "to_json",
    "validate",
    "write_report",
]
