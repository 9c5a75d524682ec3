#!/usr/bin/env python
"""Django's command line for FFWeb."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError

from ffweb.later import told

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ffweb.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"FFWeb cannot start: {error}")
    except DatabaseError as error:
        if (sentence := told(error)) is None:
            raise
        sys.exit(sentence)
