# SPDX-License-Identifier: Apache-2.0
"""The home: devices and rooms, the tools that change and ask them, timers, and a driver a file."""
