# SPDX-License-Identifier: Apache-2.0
"""Symbols of units and the words for them: what Home Assistant's sensors report, and what people write."""

from __future__ import annotations

import re

_NAMES = {
    "°C": "degree Celsius",
    "°F": "degree Fahrenheit",
    "°": "degree",
    "K": "kelvin",
    "%": "percent",
    "km/h": "kilometer per hour",
    "kph": "kilometer per hour",
    "mph": "mile per hour",
    "m/s": "meter per second",
    "mm/h": "millimeter per hour",
    "L/min": "liter per minute",
    "l/min": "liter per minute",
    "mW": "milliwatt",
    "W": "watt",
    "kW": "kilowatt",
    "MW": "megawatt",
    "W/m2": "watt per square meter",
    "Wh": "watt hour",
    "kWh": "kilowatt hour",
    "MWh": "megawatt hour",
    "VA": "volt ampere",
    "mV": "millivolt",
    "V": "volt",
    "mA": "milliampere",
    "A": "ampere",
    "Ah": "ampere hour",
    "Hz": "hertz",
    "kHz": "kilohertz",
    "MHz": "megahertz",
    "GHz": "gigahertz",
    "lx": "lux",
    "lm": "lumen",
    "Pa": "pascal",
    "hPa": "hectopascal",
    "kPa": "kilopascal",
    "mbar": "millibar",
    "bar": "bar",
    "psi": "pound per square inch",
    "dB": "decibel",
    "dBm": "decibel milliwatt",
    "ppm": "part per million",
    "ppb": "part per billion",
    "μg/m3": "microgram per cubic meter",
    "mg/m3": "milligram per cubic meter",
    "mm": "millimeter",
    "cm": "centimeter",
    "m": "meter",
    "km": "kilometer",
    "ft": "foot",
    "m2": "square meter",
    "m3": "cubic meter",
    "mg": "milligram",
    "g": "gram",
    "kg": "kilogram",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "ml": "milliliter",
    "mL": "milliliter",
    "l": "liter",
    "L": "liter",
    "ms": "millisecond",
    "s": "second",
    "sec": "second",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "d": "day",
    "kB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "TB": "terabyte",
    "Mbit/s": "megabit per second",
    "Gbit/s": "gigabit per second",
}
_SAME_IN_PLURAL = {"kelvin", "percent", "hertz", "kilohertz", "megahertz", "gigahertz", "lux", "bar"}

SYMBOL = "(?:" + "|".join(re.escape(symbol) for symbol in sorted(_NAMES, key=len, reverse=True)) + ")"
"""Pattern of every symbol, as NFKC writes it; the longest that fits wins."""

BARE_SYMBOL = r"(?:%|°[CF]?|(?<![A-Za-z])(?:kWh|Wh|kW|km/h|m/s|hPa|lx|ppm|μg/m3|m[23])(?![A-Za-z]))"
"""Pattern of the symbols that mean a unit even where no number stands before them."""


def unit_name(symbol: str, one: bool) -> str:
    """The unit in words: "degree Celsius" for one of it, else "degrees Celsius"."""
    name = _NAMES[symbol]
    if one or name in _SAME_IN_PLURAL:
        return name
    if name == "foot":
        return "feet"
    return re.sub(r"(\w+)( per .*| Celsius| Fahrenheit)?$", r"\1s\2", name, count=1)
