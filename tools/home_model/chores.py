# SPDX-License-Identifier: Apache-2.0
"""Timers, lists, time and weather, with the calls that answer them."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import replace

from tools.home_model import results, spans, things
from tools.home_model.calls import Draft, Result, call
from tools.home_model.drafts import draft, pick, some_device
from tools.home_model.grammar import Split
from tools.home_model.homes import Home
from tools.home_model.targets import Place, somewhere
from tools.home_model.wording import gerund


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


_PURPOSES = _words("""
soft boiled eggs, boiled eggs, porridge, toast, fish fingers, jacket potatoes, chips, brownies, scones, custard, gravy, rice pudding, marinade, crumble, quiche, waffles, pancakes, bolognese, curry, dumplings, meatballs,
sausages, bacon, beef joint, lamb, pie, flapjacks, meringues, ice cream, jelly, herbal tea, cold brew, green tea, hair mask, hair treatment, nail varnish, self tan, foot soak, steam, cold compress, contact lenses,
power nap, siesta, cat nap, crossword, revision, spelling practice, violin practice, chess game, board game, quiz, time out, naughty step, tooth brushing, bed time story, video call, press ups, sit ups, wall sit,
school run, spin cycle, tumble drying, wood glue, plaster, second coat, primer, bread proving, sourdough, yogurt, slow cooker, sprinkler, paddling pool, car charging, puppy training, dog walk
""")
_COOKED = _words("""
pasta, rice, spuds, noodles, penne, lasagne, casserole, hotpot, stew, soup, joint, roast, turkey, ham, chicken, pork, ribs, wings, burgers, sausages, bacon, pizza, garlic bread, chips, wedges, roasties, parsnips,
sprouts, cauliflower, peas, beetroot, lentils, chickpeas, risotto, paella, curry, dal, naan, samosas, quiche, pasties, pie, pastry, crumble, cake, sponge, muffins, cupcakes, cookies, biscuits, shortbread, brownies,
scones, bread, rolls, loaf, bagels, pancakes, porridge, custard, jam, chutney, caramel, fudge, dumplings, gyoza, broth, gravy, goulash, chilli, tagine, fish pie, salmon, cod, prawns, mussels, eggs, frittata, omelette
""")
_RESTS = _words("""
nap, snooze, kip, siesta, doze, lie down, rest, sleep, shut eye, power nap, cat nap, catnap, bath, soak, sunbathe, sauna, gaming, telly, reading, break, tea break, timeout, quiet time, homework, practice, sketching
""")
_WARES = _words("""
loo roll, toilet roll, kitchen roll, washing up liquid, washing powder, fabric softener, dishwasher tablets, dishwasher salt, bin bags, bin liners, cling film, baking paper, rubber gloves, bleach, furniture polish, dusters,
hand soap, shower gel, conditioner, shaving foam, razor blades, cotton buds, cotton wool, plasters, paracetamol, cough syrup, nappies, wet wipes, baby food, formula, bird seed, fish food, hay, matches, string, sellotape,
stamps, envelopes, printer ink, wrapping paper, birthday candles, biscuits, crisps, peanuts, squash, lemonade, cola, tonic water, sparkling water, oat milk, semi skimmed, double cream, custard powder, icing sugar, treacle,
brown sauce, pickle, stock cubes, gravy granules, curry powder, chilli flakes, coconut milk, chickpeas, tinned tomatoes, baked beans, tuna, prawns, fish fingers, mince, bacon, streaky bacon, chops, burgers, buns, rolls,
crumpets, pitta, wraps, oven chips, peas, sweetcorn, leeks, courgettes, cabbage, broccoli, swede, parsnips, spring onions, coriander, mint, pears, plums, melon, satsumas, kiwis, raisins, rice cakes, muesli, porridge oats,
marmalade, lemon curd, cheddar, feta, cottage cheese, sausage rolls, ready meals, ice lollies, red wine, gin, coffee beans, tea bags, decaf, filters, fuses, wood screws, compost, charcoal, firelighters, descaler, air freshener
""")
_WARE_KINDS = ("cheap", "nice", "big", "small", "proper", "posh", "own brand")
# What is done, how it is said afterwards, and to what.
_JOBS = tuple((verb, done, _words(whom)) for verb, done, whom in (
    ("ring", "rung", "the vet, the plumber, the school, the bank, gran, the letting agent, the gas people, the council, the optician, the chimney sweep"),
    ("descale", "descaled", "the kettle, the coffee machine, the shower head, the steam iron, the taps"),
    ("bleed", "bled", "the radiators, the heating, the upstairs radiators"),
    ("mend", "mended", "the back gate, the shed roof, the garden chair, the dripping tap, my jeans, the puncture, that squeaky hinge"),
    ("fix", "fixed", "the wobbly shelf, that leaky tap, the loose tile, the cat flap, the letterbox, the doorbell, the sticky drawer, that broken step"),
    ("book", "booked", "the car service, a haircut, the boiler service, a dentist appointment, the ferry, a table for saturday, the campsite"),
    ("unblock", "unblocked", "the sink, the shower drain, the gutter"),
    ("defrost", "defrosted", "the freezer, the ice box"),
    ("clear out", "cleared out", "the attic, the garage, the shed, the spare room, the kitchen drawer, the wardrobe"),
    ("take back", "taken back", "the library books, the empties, the parcel, the wrong shoes, the drill"),
    ("hang", "hung", "the mirror, the picture, the new curtains, the washing line, the hooks"),
    ("sand", "sanded", "the table, the skirting boards, the bench"), ("oil", "oiled", "the hinges, the deck, the bike chain"),
    ("prune", "pruned", "the roses, the apple tree, the hedge"), ("weed", "weeded", "the front bed, the path, the patio"),
    ("deworm", "dewormed", "the dog, the cats"), ("change", "changed", "the bedding, the smoke alarm battery, the hoover bag, the water filter, the air filter"),
    ("pay", "paid", "the window cleaner, the milk bill, the parking fine, the council tax, the nursery"),
    ("write", "written", "the thank you cards, the christmas cards, the speech, a will"), ("bake", "baked", "a cake for the fete, the birthday cake"),
    ("scrub", "scrubbed", "the oven, the bath, the patio, the grill"), ("treat", "treated", "the fence, the decking, the damp patch"),
    ("sew on", "sewn on", "the name tags, the button"), ("clean", "cleaned", "the extractor, the fish tank, the windows, the gutters, the fridge seals, the barbecue"),
    ("sort out", "sorted out", "the recycling, the broadband, the photo albums, the insurance, the spare keys"), ("top up", "topped up", "the screen wash, the bird feeder, the meter"),
))  # fmt: skip

_CARED_FOR = frozenset(
    [*"descale bleed mend fix unblock defrost sand oil prune weed change scrub treat clean".split(), "clear out"]
)
"""What is done to a thing because of how it looks or works: "the kettle is a disgrace, put descaling it ..."."""


def _brief(text: str) -> str:
    """The length as written in haste: "10 mins"."""
    return text.replace("minute", "min").replace("second", "sec")


def _job_of(name: str) -> str:
    """What one thing on the list is: "an errand", "a packing job"."""
    kind = name.removesuffix(" list")
    one = kind.removesuffix("s") if kind in ("errands", "chores", "tasks", "jobs") else f"{kind} job"
    return f"{'an' if one[0] in 'aeiou' else 'a'} {one}"


def _purpose(rng: random.Random, split: Split) -> str:
    return rng.choice(_PURPOSES) if rng.random() < 0.35 else things.timed(rng, split)


def _ware(rng: random.Random, split: Split) -> str:
    if rng.random() < 0.55:
        return things.purchase(rng, split)
    return f"{rng.choice(_WARE_KINDS)} {rng.choice(_WARES)}" if rng.random() < 0.15 else rng.choice(_WARES)


def _agreeing(noun: str) -> dict[str, str]:
    """The words that agree with what is bought, done or timed."""
    if " and " in noun or (noun.endswith("s") and not noun.endswith(("ss", "us"))):
        return {"is": "are", "s": " are", "them": "them", "need": "need", "those": "those"}
    return {"is": "is", "s": "'s", "them": "it", "need": "needs", "those": "that"}


_ARTICLE = re.compile(r"^(?:the|a|my|that) ")
# "The 2 bottles the kids like" or "20 minutes of the dryer": neither an amount nor a machine is named so.
_AMOUNT = re.compile(r"^\d|\b(?:of|and|a)\b")
_MACHINES = frozenset(
    (
        "oven",
        "dishwasher",
        "washing machine",
        "dryer",
        "grill",
        "coffee",
        "sprinkler",
        "car charging",
        "slow cooker",
        "break",
    )
)
_DOUBLED = re.compile(r"\b(another|extra|further|additional) an? (?=\w)")


def _tidy(found: Draft | None) -> Draft | None:
    """The sentence with one article where two meet: "another hour", "the last of a pack of rice"."""
    return found and replace(found, text=_DOUBLED.sub(r"\1 ", found.text).replace("the a ", "a "))


def _more(rng: random.Random, length: str) -> str:
    """The length as what is added: "2 more minutes", "another hour", "half an hour more"."""
    counted = re.fullmatch(r"(\d+) (\w+)", length)
    if counted and rng.random() < 0.5:
        return f"{counted[1]} more {counted[2]}"
    return rng.choice((f"another {length}", f"another {length}", f"{length} more", f"an extra {length}"))


def _inside(spot: Place) -> str:
    return re.sub(r"^(?:of|for) ", "in ", spot.inside)


def _seconds(slots: Mapping[str, str], prefix: str = "") -> int:
    return sum(
        int(slots.get(f"{prefix}{unit}", 0)) * size for unit, size in (("hours", 3600), ("minutes", 60), ("seconds", 1))
    )


def _timer(rng: random.Random, home: Home, split: Split) -> tuple[str, dict[str, str], str, str]:
    """Which timer: the only one, one by name, by what it was started with, or by room; how the executor calls it; and
    how it is said without the word timer ("the one for the pasta"), if it can be.
    """
    pick_of = rng.random()
    the = rng.choice(("the ", "the ", "my ", ""))
    if pick_of < 0.3:
        return rng.choice(("the timer", "my timer", "timer", "the timer", "that timer")), {}, "Timer", ""
    if pick_of < 0.62:
        name = _purpose(rng, split)
        if name not in [area.lower() for area in home.areas]:
            text = rng.choice(
                (
                    f"{the}{name} timer",
                    f"{the}{name} timer",
                    f"{the}timer {rng.choice(('for', 'named', 'called', 'for the'))} {name}",
                )
            )
            one = rng.choice((f"the {name} one", f"the {name} one", f"my {name} one", f"the one for the {name}"))
            return text, {"name": name}, f"{name} timer", "" if name.startswith(things.VERBS) else one
    if pick_of < 0.88 or not home.areas:
        for _ in range(20):
            found = spans.span(rng)
            if found.before_noun:
                text = rng.choice(
                    (
                        f"{the}{found.before_noun} timer",
                        f"{the}{found.before_noun} timer",
                        f"{the}timer for {found.text}",
                    )
                )
                return (
                    text,
                    {f"start_{unit}": value for unit, value in found.slots.items()},
                    f"{spans.spoken(found.slots)} timer",
                    f"{rng.choice(('the', 'the', 'my', 'that'))} {found.before_noun} one",
                )
    spot = somewhere(rng, home, {"area": 1})
    if spot is None:
        return "the timer", {}, "Timer", ""
    where = _inside(spot)
    one = rng.choice((f"the one {where}", f"the one {where}", f"the {spot.bare} one", f"the one running {where}"))
    return rng.choice((f"{the}{spot.bare} timer", f"{the}timer {where}")), spot.arguments, f"{spot.area} timer", one


def _known_without_timer(home: Home, name: str) -> bool:
    """Whether the name alone says that a timer is meant, and no device, room or job."""
    jobs = (*things.VERBS, *_MACHINES)
    return home.find(name) is None and name not in [area.lower() for area in home.areas] and not name.startswith(jobs)


# "The eggs have just gone in, shout in 4 minutes": what is heard before the wish is why, not how the timer is called.
_REASON = re.compile(r"\{name\}[^{]*, [^{]*\b(?:in|after|timer for|time) \{d\}|\{name\} on, start \{a_dd\} timer")


_OF_A_THING = re.compile(r"\b(?:the|my|our|that|those)\)* \{name\}(?! timer)")
_OF_A_NAME = ("timer.cancel", "timer.pause", "timer.increase", "timer.decrease")


def timer(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Something about timers."""
    section = rng.choices(
        (
            "timer.start",
            "timer.start.name",
            "timer.cancel",
            "timer.cancel.all",
            "timer.pause",
            "timer.unpause",
            "timer.increase",
            "timer.decrease",
            "timer.status",
        ),
        (36, 16, 11, 3, 7, 6, 9, 8, 12),
    )[0]
    long = spans.span(rng)
    short = spans.span(rng, short=True)
    name = _purpose(rng, split)
    slots = {
        "d": long.text,
        **_agreeing(name),
        "dd": long.before_noun or "",
        "a_dd": spans.with_article(long.before_noun) if long.before_noun else "",
        "name": name,
    }
    if section.startswith("timer.start"):
        # "The dryer, 10 minutes" is no timer where there is a dryer to switch.
        bare = section == "timer.start.name" and _known_without_timer(home, name)
        purposes: tuple[str, ...] = ("timer.start.purpose.say",) * 2 if bare else ()
        pool, own = rng.choice(((_COOKED, "timer.start.food.say"), (_RESTS, "timer.start.rest.say")))
        if bare and rng.random() < 0.35 and _known_without_timer(home, chosen_name := rng.choice(pool)):
            name, purposes = chosen_name, (*purposes, own, own, own)
            slots |= {"name": name, **_agreeing(name)}
        elif section == "timer.start" and rng.random() < 0.14:
            purposes = ("timer.start.reason.say",) * 6
            why = rng.choice(_COOKED)
            slots |= {"why": why, **_agreeing(why)}
        chosen = pick(rng, split, section, f"{section}.say", *purposes)
        if chosen is None or (not long.before_noun and chosen[0].slots & {"dd", "a_dd"}):
            return None
        called = "name" in chosen[0].slots and not _REASON.search(chosen[0].text)
        if called and name.startswith(things.VERBS) and _OF_A_THING.search(chosen[0].text):
            return None  # "the call mom needs an hour"
        arguments = dict(long.slots) | ({"name": name} if called else {})
        slots["d"] = _brief(long.text) if rng.random() < 0.12 else long.text
        length = spans.spoken(long.slots)
        said = f"{name} timer" if "name" in arguments else f"{length} timer"
        result = Result(
            True,
            rng.choice(
                (
                    f"{said} started",
                    f"{length} timer started",
                    f"Timer set for {length}",
                    f"The {said} is running, {length} left",
                )
            ),
        )
        if rng.random() < results.FAILURES / 4:
            result = Result(False, "a timer needs at least a second")
        return _tidy(draft(rng, chosen, slots, call("HassStartTimer", arguments), result))
    text, arguments, label, one = _timer(rng, home, split)
    if section in _OF_A_NAME and rng.random() < 0.22:
        # What it is for is enough to say which: "2 more minutes on the pasta".
        if cooks := rng.random() < 0.45:
            name = rng.choice(_COOKED)
            slots |= {"name": name, **_agreeing(name)}
        if not _known_without_timer(home, name):
            return None
        arguments, label, named = {"name": name}, f"{name} timer", True
    else:
        named = cooks = False
    own = (f"{section}.food.say",) * 2 if cooks else ()
    sections = (f"{section}.named.say", *own) if named else (section, f"{section}.say")
    slots |= {"timer": text, "one": one}
    left = spans.spoken(spans.span(rng).slots)
    missing = Result(
        False,
        rng.choice(("There is no timer", f"There is no {label}", "No timer is running", "Which timer do you mean?")),
    )
    if section == "timer.cancel.all":
        count = rng.randint(1, 5)
        result = (
            Result(
                True, rng.choice((f"{count} timers canceled", "All timers are canceled", f"Canceled {count} timers"))
            )
            if rng.random() > results.FAILURES
            else Result(False, "No timer is running")
        )
        return draft(rng, pick(rng, split, section, f"{section}.say"), slots, call("HassCancelAllTimers", {}), result)
    if section in ("timer.increase", "timer.decrease"):
        if section == "timer.decrease" and 0 < _seconds(arguments, "start_") <= _seconds(short.slots):
            return None  # nothing would be left of it
        slots |= {"d": short.text, "dd": short.before_noun or ""}
        up = section == "timer.increase"
        length = spans.spoken(short.slots)
        result = Result(
            True,
            rng.choice(
                (
                    f"{length} {'added to' if up else 'taken off'} the {label}",
                    f"{label} has {left} left",
                    f"{left} left on the {label}",
                )
            ),
        )
        tool = "HassIncreaseTimer" if up else "HassDecreaseTimer"
        arguments = arguments | short.slots
        slots["more"] = _more(rng, short.text)
        if rng.random() < 0.12:
            slots |= {"d": _brief(slots["d"]), "more": _brief(slots["more"])}
        chosen = pick(rng, split, *sections)
    elif section == "timer.status":
        tool = "HassTimerStatus"
        result = Result(
            True,
            rng.choice(
                (
                    f"{left} left on the {label}",
                    f"{label} has {left} left",
                    f"{label} is paused, {left} left",
                    f"2 timers are running: {left} and 5 minutes left",
                )
            ),
        )
        if rng.random() < 0.15:
            if home.find(name) is not None or name.split()[0] in things.VERBS:
                return None  # "is the dryer done" then asks the dryer; no "is the order flowers ready"
            chosen, arguments = pick(rng, split, "timer.status.food"), {"name": name}
        else:
            chosen = pick(rng, split, section)
            if not arguments and rng.random() < 0.4:
                slots["timer"] = rng.choice(("my timers", "the timers", "timers"))
    else:
        tool = {
            "timer.cancel": "HassCancelTimer",
            "timer.pause": "HassPauseTimer",
            "timer.unpause": "HassUnpauseTimer",
        }[section]
        word = {
            "timer.cancel": ("canceled", "stopped"),
            "timer.pause": ("paused", "paused"),
            "timer.unpause": ("running again", "resumed"),
        }[section]
        result = Result(
            True,
            rng.choice(
                (f"{label} {word[0]}", f"The {label} is {word[0]}", f"{label} is {word[0]}", f"{label} {word[1]}")
            ),
        )
        chosen = pick(rng, split, *sections)
    if chosen is None:
        return None
    if "one" in chosen[0].slots and (not one or ("area" in arguments and section in ("timer.pause", "timer.unpause"))):
        return None  # "pause the one in the kitchen" may as well be what plays there
    if rng.random() < results.FAILURES:
        result = missing
    return _tidy(draft(rng, chosen, slots, call(tool, arguments), result))


# Lists, time, weather


def _names_a_list(home: Home, text: str) -> bool:
    """Whether "the groceries" or "the market list" is a list of this home, and not the shopping list."""
    called = (name for each in home.devices if each.domain == "todo" for name in (each.name, *each.aliases))
    return any(re.search(rf"\b{re.escape(name.lower().removesuffix(' list'))}\b", text.lower()) for name in called)


def lists(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Put something on a list or check it off."""
    todo = some_device(rng, home, ("todo",))
    adds = rng.random() < 0.65
    if todo is None or rng.random() < 0.45:
        item = _ware(rng, split)
        section = "shop.add" if adds else "shop.done"
        result = Result(
            True,
            rng.choice((f"{item} is on the shopping list", f"Added {item}", f"{item} added to the shopping list"))
            if adds
            else rng.choice((f"{item} is checked off", f"Checked off {item}", f"{item} is off the shopping list")),
        )
        if rng.random() < results.FAILURES:
            result = Result(False, rng.choice(("There is no shopping list", f"{item} is not on the shopping list")))
        chosen = pick(rng, split, section, f"{section}.say")
        if chosen is None or ("those" in chosen[0].slots and _AMOUNT.search(item)):
            return None
        if not adds and " and " in item:
            return None  # two things that were bought are two items
        tool = "HassShoppingListAddItem" if adds else "HassShoppingListCompleteItem"
        found = _tidy(draft(rng, chosen, {"item": item, **_agreeing(item)}, call(tool, {"item": item}), result))
        return None if found and _names_a_list(home, found.text) else found
    section = "list.add" if adds else "list.done"
    verb, done, objects = rng.choice(_JOBS)
    what = rng.choice(objects)
    job = rng.random() < 0.5
    item = f"{verb} {what}" if job else things.task(rng, split)
    cared = job and verb in _CARED_FOR
    sections = (section, f"{section}.say", *((f"{section}.job.say",) * 2 if job else ()))
    sections = (*sections, *((f"{section}.care.say",) * 2 if cared else ()))
    chosen = pick(rng, split, *sections)
    if chosen is None or (not adds and " and " in item):
        return None
    name = rng.choice((todo.name, *todo.aliases)).lower()
    bare = name.endswith("list") or rng.random() < (0.4 if name.endswith(("s", "ing")) else 0.15)
    slots = {
        "item": item,
        "list": name if bare else f"{name} list",
        "did": f"{done} {what}",
        "what": _ARTICLE.sub("", what),
    }
    slots |= {"the_what": f"the {slots['what']}" if what[:2] == "a " else what, **_agreeing(slots["what"])}
    doing, (short, _, particle) = gerund(f"{verb} {what}"), verb.partition(" ")
    slots |= {"doing": doing, "doing_it": f"{gerund(short)} {slots['them']} {particle}".strip(), "a_job": _job_of(name)}
    if chosen[0].slots & {"doing", "doing_it"}:
        item = doing
    elif chosen[0].slots & {"did", "what", "the_what"}:
        item = slots[
            "what"
        ]  # what was done is called by what it was done to: nobody says "mend the gate" of a mended gate
    result = Result(
        True,
        rng.choice((f"{item} is on {todo.name}", f"Added {item} to {todo.name}"))
        if adds
        else rng.choice((f"{item} is checked off", f"Checked off {item} on {todo.name}")),
    )
    if rng.random() < results.FAILURES:
        result = Result(False, f"{todo.name} did not answer" if adds else f"{item} is not on {todo.name}")
    return draft(
        rng,
        chosen,
        slots,
        call("HassListAddItem" if adds else "HassListCompleteItem", {"item": item, "name": name}),
        result,
        (name,),
    )


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def clock(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """What time, what day, what weather it is; or that nothing is wanted after all."""
    section = rng.choices(
        ("ask.time", "ask.date", "ask.weather", "ask.weather.name", "nevermind"), (26, 22, 24, 14, 18)
    )[0]
    chosen = pick(rng, split, section)
    if section == "ask.time":
        return draft(
            rng,
            chosen,
            {},
            call("HassGetCurrentTime", {}),
            Result(True, f"It is {rng.randint(1, 12)}:{rng.randint(0, 59):02} {rng.choice(('AM', 'PM'))}"),
        )
    if section == "ask.date":
        return draft(
            rng,
            chosen,
            {},
            call("HassGetCurrentDate", {}),
            Result(
                True,
                f"It is {rng.choice(_DAYS)}, {rng.choice(_MONTHS)} {rng.randint(1, 28)}, {rng.randint(2025, 2029)}",
            ),
        )
    if section == "nevermind":
        found = draft(
            rng,
            chosen,
            {},
            call("HassNevermind", {}),
            Result(True, rng.choice(("Okay", "All right", "Nothing was changed"))),
        )
        return Draft(found.text, "say", found.calls, found.results, found.template) if found else None
    sky = rng.choice(
        ("sunny", "rainy", "cloudy", "partly cloudy", "snowy", "foggy", "stormy", "clear", "pouring", "windy")
    )
    report = f"It is {sky} and {rng.randint(-10, 36)} °C"
    if section == "ask.weather":
        return draft(
            rng,
            chosen,
            {},
            call("HassGetWeather", {}),
            Result(True, report) if rng.random() > results.FAILURES else Result(False, "I know of no weather report"),
        )
    device = some_device(rng, home, ("weather",))
    if device is None:
        return None
    name = device.name.lower()
    return draft(
        rng,
        chosen,
        {"x": name},
        call("HassGetWeather", {"name": name}),
        Result(True, f"{report} in {device.name}"),
        (name,),
    )
