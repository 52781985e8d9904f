# SPDX-License-Identifier: Apache-2.0
"""From the words of a call to devices of the registry: by name, by room and kind, by synonym, and at last by sound.

What could open the house is never guessed at: locks, doors, gates and valves are reached by their own name or with
their kind said, and what merely sounds or looks like one of them is asked back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from appliance.home.errors import Ambiguous, NotFound
from appliance.home.kinds import KINDS, kindless
from appliance.home.left_out import left_over
from appliance.home.name_index import Ids, name_index
from appliance.home.naming import be, unowned, without, words
from appliance.home.places import LIKENESS_AT_LEAST, LIKENESS_LEAD, Place, find_place, spoken_place
from appliance.home.query import Query, by_synonyms, same_but_for_place_and_kind
from appliance.home.registry import Device, Registry
from appliance.home.states import which

_EVERYTHING = frozenset(("light", "switch", "fan", "media_player"))  # what "turn off everything" may reach
_KINDRED = {"blind": "shade", "shade": "blind"}  # who says the one and has none means the other
_ALL = {words(text) for text in ("all", "everything", "all devices", "all of them", "every device")}


def guarded(device: Device) -> bool:
    """Whether a mistake with this device could open the house, flood it or set it on fire."""
    opens = device.domain == "cover" and device.device_class in ("door", "garage", "gate")
    return opens or device.domain in ("lock", "valve") or bool(device.attributes.get("guarded"))


def resolve(
    registry: Registry,
    arguments: Mapping[str, Any],
    context_area: str | None,
    *,
    domains: Collection[str] | None = None,
    acting: bool = True,
) -> list[Device]:
    """Find the devices that `name`, `area`, `floor`, `domain` and `device_class` speak of, without those that `except`
    names; at least one.

    `domains` are the kinds of device of a tool that is for those alone; such a tool called without any slot means what
    stands in the room of the speaker (`context_area`), or the only one at home. When asking (not `acting`) nothing is
    guarded, and devices that share the name are all returned. Raises NotFound, or Ambiguous with a question.
    """
    name = arguments.get("name")
    try:
        where = find_place(registry, arguments.get("area"), arguments.get("floor"), context_area)
    except NotFound:
        if found := _named_after_a_place(registry, arguments):
            return found
        raise
    query = Query(
        registry=registry,
        index=name_index(registry),
        text=name or "",
        heard=words(name) if name else (),
        where=where,
        domain=arguments.get("domain"),
        device_class=arguments.get("device_class"),
        domains=domains,
        acting=acting,
        context_area=context_area,
    )
    if query.device_class in _KINDRED and not query.pool:
        query = replace(query, device_class=_KINDRED[query.device_class])
    if spared := arguments.get("except"):
        return left_over(query, resolve(registry, _whole(arguments), context_area, domains=domains), str(spared))
    if name and query.heard not in _ALL:
        return _by_name(query)
    if domains is not None and not name and query.where.everywhere and not query.kind_said:
        return _implied(query)
    return _as_set(query)


def _named_after_a_place(registry: Registry, arguments: Mapping[str, Any]) -> list[Device]:
    """The Patio Lights, where "the lights on the patio" are wanted and no room is called so; nothing guarded."""
    place, domain = words(str(arguments.get("area") or "")), arguments.get("domain")
    if not place or domain is None or arguments.keys() & {"name", "floor", "except"}:
        return []
    names = name_index(registry).names
    found = [
        device
        for device in registry.devices
        if device.domain == domain
        and arguments.get("device_class") in (None, device.device_class)
        and any(without(name, place) is not None for name in names[device.entity_id])
    ]
    return [] if any(map(guarded, found)) else found


def _whole(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {slot: value for slot, value in arguments.items() if slot != "except"}


def _by_name(query: Query) -> list[Device]:
    pool = query.pool
    exact = _of(pool, query.index.named(query.heard))
    if exact:
        return _pick(query, exact, certain=True)
    nearly = _of(pool, query.index.nearly_named(query.heard))
    near = [device for device in nearly if same_but_for_place_and_kind(query, device, query.where.area)]
    if near:
        return _pick(query, near, certain=True)
    here = [device for device in nearly if same_but_for_place_and_kind(query, device, query.context_area)]
    if here:
        return _pick(query, here, certain=False)
    described = _described(query)
    try:
        if described is not None:
            return _named_after_the_room(query, described, _as_set(described))
    except NotFound:
        if found := _called_otherwise(query, pool):  # "the shades", where there are only blinds
            return found
        raise
    if found := _called_otherwise(query, pool):
        return found
    _refuse_what_is_elsewhere(query)
    guess = _named_in_part(query, pool) or _sounding_alike(query, pool)
    if query.heard and guess:
        return _pick(query, guess, certain=False)
    if bare := unowned(query.text):
        return _by_name(replace(query, text=bare, heard=words(bare)))
    raise NotFound(f"I do not know a {query.kind} called {query.text}")


def _called_otherwise(query: Query, pool: list[Device]) -> list[Device]:
    """What is called by another word than the home uses: "the telly" is the Television, or the only device of class tv.

    The room may be left out, even if nobody is there. Empty if nothing fits, asked back if several things do.
    """
    meant = by_synonyms(query)
    nearly = [(each, _of(pool, each.index.nearly_named(each.heard))) for each in meant]
    for area in (query.where.area, query.context_area, ...):
        found = {
            device.entity_id: device
            for each, devices in nearly
            for device in devices
            if same_but_for_place_and_kind(each, device, device.area if area is ... else area)
        }
        if found:
            part = {device.entity_id: device for device in _named_in_part(query, pool)}
            return _pick(query, list((found | part).values()), certain=False)  # the box: a Television, or a Music Box?
    if _named_in_part(query, pool):
        return []
    described = [each for each in map(_described, meant) if each is not None and each.pool]
    if len(described) > 1:
        raise Ambiguous("Which room do you mean?")
    return _as_set(described[0]) if described else []


def _of(pool: list[Device], ids: Ids) -> list[Device]:
    return [device for device in pool if device.entity_id in ids] if ids else []


def _named_in_part(query: Query, pool: list[Device]) -> list[Device]:
    return [device for device in _of(pool, query.index.holding(query.heard)) if _is_part(query, device)]


def _is_part(query: Query, device: Device) -> bool:
    """Whether what was said is a part of the device's name, as "weekend list" is of the list Weekend Jobs."""
    said = set(kindless(query.heard, device.domain) or query.heard)
    return any(said <= set(name) for name in query.index.names[device.entity_id])


def _described(query: Query) -> Query | None:
    """Read a name that is none: a room ("kitchen"), a kind ("lights") or both; None if it is neither."""
    whole_home = query.heard[:1] in (("all",), ("every",))
    where, rest = spoken_place(query.registry, query.heard[1:] if whole_home else query.heard, query.index.read)
    where = replace(where, by_synonym=query.index.read is not words)
    domain, device_class = KINDS.get(rest, (None, None))
    if (rest and domain is None and rest not in _ALL) or (not rest and where.everywhere):
        return None
    if domain is not None and (query.domain not in (None, domain) or domain not in (query.domains or (domain,))):
        return None
    if not query.where.everywhere and not where.everywhere and where != query.where:
        return None
    found = replace(
        query,
        where=query.where if where.everywhere else where,
        domain=domain or query.domain,
        device_class=query.device_class or device_class,
        heard=rest,
    )
    if not found.where.everywhere or whole_home or not query.acting:
        return found
    here = replace(found, where=Place(area=query.context_area))
    if query.context_area is not None and here.pool:
        return here
    if len(found.pool) > 1:
        raise _which_of(found.pool, found)
    return found


def _named_after_the_room(query: Query, described: Query, found: list[Device]) -> list[Device]:
    """Of several of a kind in a room the one that alone is named after it: "the kitchen light" is the Kitchen Ceiling
    Light and not the Worktop Light too. A plural means all of them, and who asks is told of all.
    """
    room, names = set(query.heard) - set(described.heard), query.index.names
    if not room or not query.acting or _plural(query.text):
        return found
    after = [each for each in found if any(room <= set(name) for name in names[each.entity_id])]
    whole = [each for each in after if any(set(query.heard) <= set(name) for name in names[each.entity_id])]
    return whole if len(after) == 1 and whole else found


def _plural(text: str) -> bool:
    return text.lower().endswith("s") and not text.lower().endswith("ss")


def _refuse_what_is_elsewhere(query: Query) -> None:
    named = query.index.named(query.heard)
    for device in query.registry.devices:
        if device.entity_id in named:
            if query.has_kind(device):
                raise NotFound(f"There is no {device.name} {query.where}")
            if query.kind_said or (query.domains is not None and len(query.domains) <= 2):
                article = "an" if query.kind[0] in "aeiou" else "a"
                raise NotFound(f"{device.name} {be(device.name)} not {article} {query.kind}")
            raise NotFound(f"{device.name} cannot {'be switched' if query.acting else 'do that'}")


def _sounding_alike(query: Query, pool: list[Device]) -> list[Device]:
    here = {device.entity_id for device in pool}
    best, found = 0.0, set[str]()
    for entity_id, score in query.index.sounding(query.heard, LIKENESS_AT_LEAST - LIKENESS_LEAD):
        if entity_id in here:
            best = best or score
            if best < LIKENESS_AT_LEAST or score <= best - LIKENESS_LEAD:
                break
            found.add(entity_id)
    return _of(pool, found)


def _pick(query: Query, found: list[Device], *, certain: bool) -> list[Device]:
    one_name = len({words(device.name) for device in found}) == 1
    if not query.acting and (certain or one_name):
        return found
    here = [device for device in found if query.context_area is not None and device.area == query.context_area]
    if len(found) > 1 and len(here) == 1:
        found = here
    if len(found) > 1 and _meant_together(query, found):
        return found
    if len(found) > 1:
        raise _which_of(found, query)
    if (not certain or query.where.by_synonym) and query.acting and guarded(found[0]):
        raise _which_of(found, query)
    return found


def _meant_together(query: Query, found: list[Device]) -> bool:
    """Whether a plural means all that were found: "the bedside lamps" of a left and a right one."""
    if not _plural(query.text) or len({device.domain for device in found}) > 1 or any(map(guarded, found)):
        return False
    return all(not device.name.endswith("s") and query.heard[-1] in words(device.name) for device in found)


def _implied(query: Query) -> list[Device]:
    pool = [device for device in query.pool if not guarded(device)]
    here = [device for device in pool if query.context_area is not None and device.area == query.context_area]
    if not pool:
        raise NotFound(f"There is no {query.kind} at home")
    if not here and len(pool) > 1:
        raise _which_of(pool, query)
    return here or pool


def _as_set(query: Query) -> list[Device]:
    pool = query.pool
    if query.acting:
        if not query.kind_said and query.domains is None:
            if query.heard not in _ALL:
                raise Ambiguous(f"What {query.where}?" if not query.where.everywhere else "Which device do you mean?")
            pool = [device for device in pool if device.domain in _EVERYTHING]
        free = [device for device in pool if _may_go_with_others(query, device)]
        if pool and not free:
            raise _which_of(pool, query)
        pool = free
    elif query.domain is None:
        pool = [device for device in pool if device.domain not in ("scene", "script")]
    if not pool:
        raise NotFound(_nothing_there(query))
    return pool


def _nothing_there(query: Query) -> str:
    if not query.kind_said and query.domains is None:
        return f"There is nothing to switch {query.where}"
    seen = replace(query, acting=False, domains=None, domain=None if query.device_class else query.domain)
    if query.kind_said and seen.pool:
        return f"I cannot control the {query.kind} {query.where}"  # a window with a contact and no motor
    return f"There is no {query.kind} {query.where}"


def _may_go_with_others(query: Query, device: Device) -> bool:
    if device.domain in ("scene", "script") or device.attributes.get("guarded"):
        return False
    if not guarded(device):
        return True
    if query.where.by_synonym:
        return False
    # "Open all covers" means the blinds; the garage door must be spoken of, or stand where was pointed to.
    pointed_to = not query.where.everywhere or query.device_class is not None or device.domain == "lock"
    return query.domain == device.domain and pointed_to


def _which_of(devices: list[Device], query: Query) -> Ambiguous:
    if len(devices) == 1:
        return Ambiguous(f"Do you mean {devices[0].name}?", devices)
    return Ambiguous(which(devices) if len(devices) <= 4 else f"Which {query.kind} do you mean?", devices)
