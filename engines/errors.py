# SPDX-License-Identifier: Apache-2.0
"""The root of every error of the language engine that a person can mend."""

from __future__ import annotations


class EngineError(Exception):
    """A checkpoint, bundle, request or runtime fault told in plain English: what, where, found, expected."""
