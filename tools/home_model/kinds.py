# SPDX-License-Identifier: Apache-2.0
"""What sensors measure and what binary sensors notice, in the words that people use for it."""

from __future__ import annotations

from dataclasses import dataclass


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@dataclass(frozen=True)
class Measure:
    """A sensor's device class: how its devices are called, what is asked for, and what values look like."""

    suffixes: tuple[str, ...]
    quantities: tuple[str, ...]
    unit: str
    low: float
    high: float


def _measure(suffixes: str, quantities: str, unit: str, low: float, high: float) -> Measure:
    return Measure(_split(suffixes), _split(quantities), unit, low, high)


MEASURES: dict[str, Measure] = {
    "temperature": _measure("temperature, temp, thermometer, temperature sensor", "temperature, temp", "°C", -10, 35),
    "humidity": _measure(
        "humidity, humidity sensor, hygrometer",
        "humidity, humidity level, relative humidity, air humidity",
        "%",
        20,
        90,
    ),
    "power": _measure(
        "power, consumption, power usage, power meter",
        "power, power consumption, power usage, power draw, wattage",
        "W",
        0,
        3000,
    ),
    "energy": _measure(
        "energy, energy meter, production, energy today",
        "energy, amount of energy, energy consumption, energy usage",
        "kWh",
        0,
        90,
    ),
    "battery": _measure(
        "battery, battery level", "battery level, battery, charge, battery percentage, charge level", "%", 1, 100
    ),
    "illuminance": _measure(
        "illuminance, brightness, light level, light sensor",
        "illuminance, light level, brightness level, amount of light",
        "lx",
        0,
        2000,
    ),
    "carbon_dioxide": _measure(
        "CO2, CO2 sensor, air",
        "CO2 level, carbon dioxide, co2 concentration, carbon dioxide level, CO2",
        "ppm",
        400,
        2000,
    ),
    "carbon_monoxide": _measure(
        "CO, CO sensor, CO detector", "carbon monoxide, carbon monoxide level, CO level, CO concentration", "ppm", 0, 60
    ),
    "pressure": _measure("pressure, pressure sensor, gauge", "pressure", "bar", 1, 9),
    "atmospheric_pressure": _measure(
        "barometer, air pressure, pressure", "air pressure, atmospheric pressure, barometric pressure", "hPa", 970, 1040
    ),
    "voltage": _measure("voltage, voltage sensor", "voltage, volts", "V", 1, 240),
    "current": _measure("current, amps, current draw", "current, electric current, amperage", "A", 0, 32),
    "frequency": _measure("frequency", "frequency", "Hz", 45, 65),
    "wind_speed": _measure("wind, anemometer, wind speed, wind sensor", "wind speed, speed, wind", "km/h", 0, 90),
    "precipitation": _measure(
        "rain, rain gauge, rain today, rainfall", "precipitation, rainfall, amount of rain, rain", "mm", 0, 60
    ),
    "precipitation_intensity": _measure(
        "rain intensity, rain rate, rain sensor",
        "rain intensity, precipitation intensity, intensity of the rain",
        "mm/h",
        0,
        40,
    ),
    "speed": _measure("speed, velocity", "speed, velocity", "km/h", 0, 120),
    "distance": _measure("distance, mileage, odometer, range", "distance, distance travelled, range", "km", 0, 90000),
    "weight": _measure("weight, scale", "weight", "kg", 1, 120),
    "volume": _measure("volume, usage, tank", "volume", "L", 0, 2000),
    "volume_storage": _measure(
        "level, storage, buffer, tank level", "stored volume, volume, amount stored, fill level", "L", 0, 900
    ),
    "volume_flow_rate": _measure("flow, flow rate", "flow, flow rate, volume flow rate", "m³/h", 0, 9),
    "water": _measure(
        "water, water usage, water meter, water consumption",
        "water usage, water consumption, amount of water, water",
        "m³",
        0,
        900,
    ),
    "gas": _measure(
        "gas, gas usage, gas meter, gas consumption", "gas usage, gas consumption, amount of gas, gas", "m³", 0, 900
    ),
    "energy_storage": _measure(
        "stored energy, battery bank, storage", "stored energy, energy stored, amount of stored energy", "kWh", 0, 15
    ),
    "apparent_power": _measure("apparent power", "apparent power", "VA", 0, 900),
    "reactive_power": _measure("reactive power", "reactive power", "VAR", 0, 300),
    "power_factor": _measure("power factor", "power factor", "%", 1, 100),
    "duration": _measure("duration, program, runtime, time left", "duration, running time, length", "min", 1, 180),
    "date": _measure("date, birthday, anniversary, pickup", "date", "", 0, 0),
    "timestamp": _measure("time, alarm, next run, last run", "time", "", 0, 0),
    "monetary": _measure("price, cost, balance", "price, cost, balance", "EUR", 0, 90),
    "data_rate": _measure(
        "download, upload, download speed, bandwidth",
        "data rate, download speed, upload speed, transfer rate",
        "MB/s",
        0,
        120,
    ),
    "data_size": _measure("storage, file, backup, disk", "size, data size, file size, amount of data", "GB", 0, 900),
    "signal_strength": _measure("signal, wifi signal, signal strength", "signal strength, signal", "dBm", -95, -30),
    "sound_pressure": _measure(
        "noise, noise level, sound level", "sound pressure, noise level, loudness, sound level", "dB", 20, 110
    ),
    "moisture": _measure(
        "moisture, soil moisture, moisture sensor", "moisture, moisture level, soil moisture", "%", 0, 100
    ),
    "aqi": _measure("air quality, air quality sensor, AQI", "air quality, air quality index, AQI", "", 0, 200),
    "pm1": _measure("PM1, PM1 sensor, fine dust", "PM1, PM1 level, PM1 concentration", "µg/m³", 0, 90),
    "pm25": _measure("PM2.5, PM2.5 sensor, dust", "PM2.5, PM2.5 level, PM2.5 concentration", "µg/m³", 0, 90),
    "pm10": _measure("PM10, PM10 sensor, particles", "PM10, PM10 level, PM10 concentration", "µg/m³", 0, 90),
    "ozone": _measure("ozone, ozone sensor", "ozone, ozone level, ozone concentration", "µg/m³", 0, 200),
    "nitrogen_dioxide": _measure(
        "NO2, NO2 sensor",
        "nitrogen dioxide, nitrogen dioxide level, nitrogen dioxide concentration, NO2 level",
        "µg/m³",
        0,
        90,
    ),
    "nitrogen_monoxide": _measure(
        "NO, NO sensor", "nitrogen monoxide, nitrogen monoxide level, nitrogen monoxide concentration", "µg/m³", 0, 90
    ),
    "nitrous_oxide": _measure(
        "N2O, N2O sensor", "nitrous oxide, nitrous oxide level, nitrous oxide concentration", "µg/m³", 0, 90
    ),
    "sulphur_dioxide": _measure(
        "SO2, SO2 sensor",
        "sulphur dioxide, sulphur dioxide level, sulphur dioxide concentration, SO2 level",
        "µg/m³",
        0,
        90,
    ),
    "volatile_organic_compounds": _measure(
        "VOC, VOC sensor",
        "volatile organic compounds, VOC level, volatile organic compounds concentration",
        "µg/m³",
        0,
        500,
    ),
    "volatile_organic_compounds_parts": _measure(
        "VOC parts, VOC ratio", "volatile organic compounds parts, VOC ratio", "ppm", 0, 9
    ),
    "irradiance": _measure("irradiance, solar sensor", "irradiance, solar irradiance", "W/m²", 0, 1100),
    "ph": _measure("pH, pH sensor, acidity", "ph, ph level, acidity", "", 4, 9),
}

COMMON_MEASURES = (
    "temperature",
    "humidity",
    "power",
    "energy",
    "battery",
    "illuminance",
    "carbon_dioxide",
    "temperature",
    "humidity",
    "battery",
)


@dataclass(frozen=True)
class Notice:
    """A binary sensor's device class: its names, what is said of it when on and off, and how a set of them is called."""

    suffixes: tuple[str, ...]
    on: tuple[str, ...]
    off: tuple[str, ...]
    sets: tuple[str, ...]


def _notice(suffixes: str, on: str, off: str, sets: str) -> Notice:
    return Notice(_split(suffixes), _split(on), _split(off), _split(sets))


NOTICES: dict[str, Notice] = {
    "door": _notice("door, door sensor, door contact", "open, opened, ajar", "closed, shut", "doors"),
    "window": _notice("window, window sensor, window contact", "open, opened", "closed, shut", "windows"),
    "garage_door": _notice("garage door, garage, garage sensor", "open, opened", "closed, shut", "garage doors"),
    "opening": _notice(
        "hatch, lid, drawer, cabinet door, flap, gate sensor, door, opening", "open, opened", "closed, shut", "openings"
    ),
    "lock": _notice("lock, lock sensor, deadbolt sensor", "unlocked", "locked", "lock sensors"),
    "motion": _notice(
        "motion, motion sensor, motion detector, PIR",
        "detecting motion, detecting movement, triggered, on",
        "clear, quiet, off",
        "motion sensors, motion detectors",
    ),
    "moving": _notice(
        "mover, movement, accelerometer", "moving, in motion", "still, stopped, not moving", "things, devices"
    ),
    "occupancy": _notice(
        "occupancy, occupancy sensor, seat",
        "occupied, taken, triggered",
        "empty, clear, unoccupied, free",
        "occupancy sensors, rooms",
    ),
    "presence": _notice(
        "presence, phone, tag, tracker", "home, present, detected", "away, absent", "phones, presence sensors"
    ),
    "moisture": _notice(
        "leak, leak sensor, water sensor, flood sensor, leak detector",
        "wet, leaking",
        "dry",
        "water sensors, leak sensors, moisture sensors",
    ),
    "smoke": _notice(
        "smoke, smoke detector, smoke alarm",
        "triggered, on, detecting smoke, going off",
        "clear, off, quiet",
        "smoke sensors, smoke detectors, smoke alarms",
    ),
    "gas": _notice(
        "gas, gas detector, gas alarm",
        "triggered, on, detecting gas",
        "clear, off",
        "gas sensors, gas detectors, gas alarms",
    ),
    "carbon_monoxide": _notice(
        "CO alarm, CO detector, carbon monoxide",
        "triggered, on",
        "clear, off",
        "carbon monoxide sensors, co sensors, CO detectors",
    ),
    "battery": _notice("battery, cell", "low, empty, running low", "normal, fine, full", "batteries"),
    "battery_charging": _notice(
        "charging, charger, battery charging",
        "charging, being charged, on charge, taking a charge, hooked up and charging",
        "not charging, off charge",
        "batteries, devices",
    ),
    "plug": _notice(
        "plug, charger, cable, charging cable",
        "plugged in, plugged, hooked up, plugged in and connected",
        "unplugged",
        "devices, things, plugs",
    ),
    "power": _notice("power, mains, supply", "powered, powered on, detected", "unpowered, dead", "devices, things"),
    "running": _notice(
        "washer, dryer, dishwasher, machine, program, engine, cycle, heater, pump",
        "running, going, active, still going, on the go, still running",
        "finished, not running, idle, done, through, stopped",
        "devices, machines, appliances",
    ),
    "problem": _notice(
        "problem, status, fault, health",
        "having a problem, in trouble, reporting a problem",
        "ok, fine, okay",
        "devices, things",
    ),
    "safety": _notice("safety, zone, barrier", "unsafe, dangerous", "safe", "things, areas"),
    "tamper": _notice("tamper, seal, safe, case", "tampered with, triggered", "clear, untouched", "tamper sensors"),
    "update": _notice("update, firmware, software", "available, ready to update", "up to date", "updates"),
    "vibration": _notice(
        "vibration, vibration sensor, shaker",
        "vibrating, shaking",
        "not vibrating, not shaking",
        "vibration sensors, things, devices",
    ),
    "sound": _notice(
        "sound, noise, microphone, alarm sound",
        "detecting sound, triggered, noisy",
        "quiet, clear, silent",
        "sound sensors",
    ),
    "heat": _notice(
        "heat, heat sensor, overheat", "hot, overheating", "not hot, not overheating", "things, heat sensors, devices"
    ),
    "cold": _notice(
        "frost, frost sensor, pipes", "cold, freezing", "not cold, not freezing", "things, cold sensors, pipes"
    ),
    "light": _notice(
        "light sensor, daylight, beam",
        "detecting light, lit, detected",
        "dark, not detecting light",
        "light sensors, lights detected",
    ),
    "connectivity": _notice(
        "connection, wifi, internet, link",
        "connected, online, working",
        "disconnected, offline, down",
        "devices, connections",
    ),
}

COMMON_NOTICES = ("door", "window", "motion", "moisture", "smoke", "battery", "occupancy", "door", "window", "motion")

MACHINES = frozenset(
    _split(
        "washer, dryer, dishwasher, machine, oven, kettle, charger, printer, maker, microwave, toaster, cooker, blender, mixer, "
        "juicer, pump, compressor, boiler, smoker, treadmill, iron, heater, filter, generator, inverter, scooter, grill, sauna"
    )
)
"""Words in the names of plugs behind which something runs and comes to an end."""

WORK_OF: dict[str, tuple[str, ...]] = {
    "washer": ("wash", "washing", "laundry"),
    "dishwasher": ("washing up", "dishes"),
    "dryer": ("drying", "tumble dryer"),
}
"""What machines do, as they are also called: "has the wash finished"."""

COVER_SETS: dict[str, tuple[str, ...]] = {
    "blind": ("blind", "blinds"),
    "curtain": ("curtain", "curtains"),
    "shade": ("shade", "shades"),
    "shutter": ("shutter", "shutters"),
    "window": ("window", "windows"),
    "door": ("door", "doors"),
    "garage": ("garage door", "garage doors"),
    "gate": ("gate", "gates"),
    "awning": ("awning", "awnings"),
}

COLOR_TEMPERATURES: dict[str, int] = {
    "candle light": 1900,
    "warm white": 2700,
    "cold white": 4000,
    "cool white": 4000,
    "daylight": 6500,
    "day light": 6500,
}
