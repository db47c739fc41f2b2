"""Read the times that platforms write."""

from __future__ import annotations

import datetime
import re
import zoneinfo


def moment_of(text: str) -> datetime.datetime | None:
    """Read a time, in UTC unless it has no zone; None if it is none or lies outside UTC's calendar."""
    found = re.fullmatch(
        r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(?:(?<=\.\d{6})\d+)?\s*(\S*)", text
    )
    if found is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(found[1])
        return moment.replace(tzinfo=_zone(found[2])).astimezone(datetime.UTC) if found[2] else moment
    except (ValueError, OverflowError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None  # OSError: a zone's name may be that of a folder, or too long for a file's


def _zone(name: str) -> datetime.tzinfo:
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)", name)
    if offset is not None:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return datetime.timezone(datetime.timedelta(minutes=minutes if offset[1] == "+" else -minutes))
    return datetime.UTC if name in ("Z", "UTC") else zoneinfo.ZoneInfo(name)
