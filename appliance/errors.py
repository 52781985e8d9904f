# SPDX-License-Identifier: Apache-2.0
"""The root of every error that a person can mend."""

from __future__ import annotations


class ApplianceError(Exception):
    """A fault told in plain English: what, where, what was found, what is allowed, what to do next.

    The command line prints the message alone and exits with 2; anything else is a defect and keeps its traceback.
    """
