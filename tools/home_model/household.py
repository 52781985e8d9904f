# SPDX-License-Identifier: Apache-2.0
"""What timers run for and what stands on lists, in the words of a household, and the words that agree with it."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from tools.home_model import things
from tools.home_model.calls import Draft
from tools.home_model.grammar import Split


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


_PURPOSES = _words("""
soft boiled eggs, boiled eggs, porridge, toast, fish fingers, jacket potatoes, chips, brownies, scones, custard, gravy, rice pudding, marinade, crumble, quiche, waffles, pancakes, bolognese, curry, dumplings, meatballs,
sausages, bacon, beef joint, lamb, pie, flapjacks, meringues, ice cream, jelly, herbal tea, cold brew, green tea, hair mask, hair treatment, nail varnish, self tan, foot soak, steam, cold compress, contact lenses,
power nap, siesta, cat nap, crossword, revision, spelling practice, violin practice, chess game, board game, quiz, time out, naughty step, tooth brushing, bed time story, video call, press ups, sit ups, wall sit,
school run, spin cycle, tumble drying, wood glue, plaster, second coat, primer, bread proving, sourdough, yogurt, slow cooker, sprinkler, paddling pool, car charging, puppy training, dog walk
""")

COOKED = _words("""
pasta, rice, spuds, noodles, penne, lasagne, casserole, hotpot, stew, soup, joint, roast, turkey, ham, chicken, pork, ribs, wings, burgers, sausages, bacon, pizza, garlic bread, chips, wedges, roasties, parsnips,
sprouts, cauliflower, peas, beetroot, lentils, chickpeas, risotto, paella, curry, dal, naan, samosas, quiche, pasties, pie, pastry, crumble, cake, sponge, muffins, cupcakes, cookies, biscuits, shortbread, brownies,
scones, bread, rolls, loaf, bagels, pancakes, porridge, custard, jam, chutney, caramel, fudge, dumplings, gyoza, broth, gravy, goulash, chilli, tagine, fish pie, salmon, cod, prawns, mussels, eggs, frittata, omelette
""")

RESTS = _words("""
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
JOBS = tuple((verb, done, _words(whom)) for verb, done, whom in (
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

CARED_FOR = frozenset(
    [*"descale bleed mend fix unblock defrost sand oil prune weed change scrub treat clean".split(), "clear out"]
)
"""What is done to a thing because of how it looks or works: "the kettle is a disgrace, put descaling it ..."."""


def purpose(rng: random.Random, split: Split) -> str:
    """What a timer is for: cooking, a rest, a job or play."""
    return rng.choice(_PURPOSES) if rng.random() < 0.35 else things.timed(rng, split)


def ware(rng: random.Random, split: Split) -> str:
    """Something to buy."""
    if rng.random() < 0.55:
        return things.purchase(rng, split)
    return f"{rng.choice(_WARE_KINDS)} {rng.choice(_WARES)}" if rng.random() < 0.15 else rng.choice(_WARES)


def agreeing(noun: str) -> dict[str, str]:
    """The words that agree with what is bought, done or timed."""
    if " and " in noun or (noun.endswith("s") and not noun.endswith(("ss", "us"))):
        return {"is": "are", "s": " are", "them": "them", "need": "need", "those": "those"}
    return {"is": "is", "s": "'s", "them": "it", "need": "needs", "those": "that"}


_DOUBLED = re.compile(r"\b(another|extra|further|additional) an? (?=\w)")


def tidy(found: Draft | None) -> Draft | None:
    """The sentence with one article where two meet: "another hour", "the last of a pack of rice"."""
    return found and replace(found, text=_DOUBLED.sub(r"\1 ", found.text).replace("the a ", "a "))
