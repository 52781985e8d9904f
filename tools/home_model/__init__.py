# SPDX-License-Identifier: Apache-2.0
"""Training data for the home model: random homes, and what people say in them with the calls that follow."""
