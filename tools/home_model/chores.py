# SPDX-License-Identifier: Apache-2.0
"""What is put on lists and checked off: shopping and jobs about the house, with the calls that answer it."""

from __future__ import annotations

import random
import re

from tools.home_model import results, things
from tools.home_model.calls import Draft, Result, call
from tools.home_model.drafts import draft, pick, some_device
from tools.home_model.grammar import Split
from tools.home_model.homes import Home
from tools.home_model.household import CARED_FOR, JOBS, agreeing, tidy, ware
from tools.home_model.wording import gerund

_ARTICLE = re.compile(r"^(?:the|a|my|that) ")

# "The 2 bottles the kids like": no amount is named so.
_AMOUNT = re.compile(r"^\d|\b(?:of|and|a)\b")


def _job_of(name: str) -> str:
    """What one thing on the list is: "an errand", "a packing job"."""
    kind = name.removesuffix(" list")
    one = kind.removesuffix("s") if kind in ("errands", "chores", "tasks", "jobs") else f"{kind} job"
    return f"{'an' if one[0] in 'aeiou' else 'a'} {one}"


def _names_a_list(home: Home, text: str) -> bool:
    """Whether "the groceries" or "the market list" is a list of this home, and not the shopping list."""
    called = (name for each in home.devices if each.domain == "todo" for name in (each.name, *each.aliases))
    return any(re.search(rf"\b{re.escape(name.lower().removesuffix(' list'))}\b", text.lower()) for name in called)


def lists(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Put something on a list or check it off."""
    todo = some_device(rng, home, ("todo",))
    adds = rng.random() < 0.65
    if todo is None or rng.random() < 0.45:
        item = ware(rng, split)
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
        found = tidy(draft(rng, chosen, {"item": item, **agreeing(item)}, call(tool, {"item": item}), result))
        return None if found and _names_a_list(home, found.text) else found
    section = "list.add" if adds else "list.done"
    verb, done, objects = rng.choice(JOBS)
    what = rng.choice(objects)
    job = rng.random() < 0.5
    item = f"{verb} {what}" if job else things.task(rng, split)
    cared = job and verb in CARED_FOR
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
    slots |= {"the_what": f"the {slots['what']}" if what[:2] == "a " else what, **agreeing(slots["what"])}
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
