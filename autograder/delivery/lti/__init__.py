"""Send grades to any platform of LTI 1.3, by its Assignment and Grade Services."""

from autograder.delivery.lti.access import Access
from autograder.delivery.lti.destination import LtiDestination
from autograder.delivery.lti.keys import key_set, new_key, read_key
from autograder.delivery.lti.members import memberships, read_members

__all__ = [
    "Access",
    "LtiDestination",
    "key_set",
    "memberships",
    "new_key",
    "read_key",
    "read_members",
]
