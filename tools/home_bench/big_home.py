# SPDX-License-Identifier: Apache-2.0
"""A home of as many devices as are wanted, named as people name them: by room, by what they are, some with an alias."""

from __future__ import annotations

from appliance.home.registry import Area, Device, Floor, Registry

_FLOORS = {
    "Cellar": ("Workshop", "Laundry Room", "Wine Cellar", "Boiler Room", "Sauna"),
    "Ground Floor": ("Kitchen", "Living Room", "Dining Room", "Hallway", "Garage", "Pantry", "Library", "Sun Room"),
    "Upstairs": ("Bedroom", "Guest Room", "Nursery", "Bathroom", "Office", "Dressing Room", "Playroom"),
    "Attic Floor": ("Studio", "Loft", "Gym", "Music Room", "Storage Room"),
}
ROOMS = tuple(Area(room, floor) for floor, rooms in _FLOORS.items() for room in rooms)
_THINGS = (
    ("light", "Ceiling Light"),
    ("light", "Floor Lamp"),
    ("light", "Reading Light"),
    ("switch", "Window Outlet"),
    ("cover", "Left Blind"),
    ("cover", "Right Curtain"),
    ("fan", "Fan"),
    ("climate", "Radiator"),
    ("media_player", "Speaker"),
    ("lock", "Door Lock"),
    ("switch", "Charger"),
    ("light", "Spotlight"),
    ("light", "Wall Light"),
    ("sensor", "Temperature"),
    ("sensor", "Humidity"),
    ("binary_sensor", "Motion"),
    ("light", "Corner Lamp"),
    ("switch", "Humidifier Plug"),
    ("light", "Shelf Lights"),
    ("scene", "Evening"),
)
_CLASSES = {
    "Window Outlet": "outlet",
    "Humidifier Plug": "outlet",
    "Left Blind": "blind",
    "Right Curtain": "curtain",
    "Temperature": "temperature",
    "Humidity": "humidity",
    "Motion": "motion",
    "Speaker": "speaker",
}


def big_home(count: int, source: str = "simulated") -> Registry:
    """`count` devices, room by room of 25 rooms on four floors; those beyond 500 are numbered."""
    devices = []
    for number in range(count):
        room = ROOMS[number % len(ROOMS)]
        domain, thing = _THINGS[number // len(ROOMS) % len(_THINGS)]
        again = number // (len(ROOMS) * len(_THINGS))
        name = f"{room.name} {thing}{f' {again + 1}' if again else ''}"
        alias = (f"{room.name.split()[0]} {thing.split()[0]} favourite",) if number % 7 == 0 else ()
        ident = f"{domain}.{name.lower().replace(' ', '_')}"
        device_class = _CLASSES.get(thing)
        state = (
            "21.5" if domain == "sensor" else "locked" if domain == "lock" else "closed" if domain == "cover" else "off"
        )
        devices.append(
            Device(ident, name, domain, room.name, room.floor, alias, device_class, state=state, source=source)
        )
    return Registry(
        devices, ROOMS, [Floor("Ground Floor", ("downstairs",)), *map(Floor, ("Cellar", "Upstairs", "Attic Floor"))]
    )
