# SPDX-License-Identifier: Apache-2.0
"""Programs that people run by hand."""
