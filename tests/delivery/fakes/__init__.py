"""Fakes of learning platforms: small servers of our own on loopback, which know no more than we were told.

They are not Canvas, Moodle or a platform of LTI. They answer as those are documented,
or as they were measured, to answer.
"""

from delivery.fakes.canvas import FakeCanvas
from delivery.fakes.lti import FakeLti
from delivery.fakes.moodle import FakeMoodle

__all__ = ["FakeCanvas", "FakeLti", "FakeMoodle"]
