"""Serve Open edX's LTI platform on loopback: its own code, with Django and SQLite in a folder of the test's.

It runs in an environment of its own, which has none of ours: open_edx.py FOLDER, in which `tool.pub` is the
tool's public key. It prints one line of JSON: the addresses and the client id.
"""

import json
import socket
import sys
import types
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

FOLDER = Path(sys.argv[1])
URLS = "served_urls"


class Quiet(WSGIRequestHandler):
    """Leaves standard error to errors."""

    def log_message(self, *args):
        """Log nothing."""


def configure(port):
    """Set up Django with the platform's own applications."""
    here = f"http://127.0.0.1:{port}"
    apps = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "django_filters"]
    settings.configure(
        SECRET_KEY="only-on-loopback",
        ALLOWED_HOSTS=["127.0.0.1"],
        USE_TZ=True,
        ROOT_URLCONF=URLS,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "lms.sqlite3")}},
        INSTALLED_APPS=[*apps, "config_models", "lti_consumer"],
        MIDDLEWARE=[],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USAGE_ID_PATTERN=r"(?P<usage_id>[^/]+)",
        LMS_ROOT_URL=here,
        LTI_BASE="",
        LTI_API_BASE=here,
        FEATURES={},
        REST_FRAMEWORK={},
    )
    django.setup()
    # only now can the platform's code be imported
    served = [path("api/", include("lti_consumer.plugin.urls", namespace="lti_consumer"))]
    sys.modules[URLS] = types.SimpleNamespace(urlpatterns=served)
    return here


def register():
    """Make the tables and register the tool; gives its passport and the number of its configuration."""
    from django.core.management import call_command
    from lti_consumer.models import Lti1p3Passport, LtiConfiguration

    call_command("migrate", verbosity=0)
    passport = Lti1p3Passport.objects.create(
        lti_1p3_client_id="autograder", lti_1p3_tool_public_key=(FOLDER / "tool.pub").read_text()
    )
    configuration = LtiConfiguration.objects.create(
        version="lti_1p3",
        config_store="CONFIG_ON_DB",
        lti_1p3_passport=passport,
        lti_advantage_ags_mode="programmatic",
    )
    return passport.passport_id, configuration.id


def serve():
    """Serve until somebody ends this process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    api = f"{configure(port)}/api/lti_consumer/v1"
    passport_id, number = register()
    with make_server("127.0.0.1", port, get_wsgi_application(), handler_class=Quiet) as server:
        addresses = {"token_url": f"{api}/token/{passport_id}", "line_items": f"{api}/lti/{number}/lti-ags"}
        print(json.dumps(addresses), flush=True)
        server.serve_forever()


if __name__ == "__main__":
    serve()
