"""Print the report's JSON Schema, as ``docs/report.schema.json`` has it: ``python -m autograder.report``."""

import json

from autograder.report.schema import report_schema

print(json.dumps(report_schema(), indent=2))
