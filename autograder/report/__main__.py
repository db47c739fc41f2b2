"""``python -m autograder.report`` prints the report's JSON Schema: ``docs/report.schema.json``."""

import json

from autograder.report.schema import report_schema

print(json.dumps(report_schema(), indent=2))
