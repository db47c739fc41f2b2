"""Build reports, check them against their published schema, and write them whole or not at all."""

from autograder.report.build import ReportFacts, build_report
from autograder.report.files import (
    attempts_of,
    decode_report,
    newest_reports,
    pictures_path,
    read_report,
    report_files,
    report_path,
    to_json,
    upgrade_file,
    whole,
    write_report,
)
from autograder.report.schema import SCHEMA_VERSION, report_schema, validate

__all__ = [
    "SCHEMA_VERSION",
    "ReportFacts",
    "attempts_of",
    "build_report",
    "decode_report",
    "newest_reports",
    "pictures_path",
    "read_report",
    "report_files",
    "report_path",
    "report_schema",
    "to_json",
    "upgrade_file",
    "validate",
    "whole",
    "write_report",
]
