# SPDX-License-Identifier: Apache-2.0
"""The words of which rooms and devices are named, and the share of them that training never sees.

A word is reserved for testing by a hash of its spelling, so the split is the same on every machine and survives new words.
Words of meaning that every home shares (light, door, kitchen, left) are never reserved: what is tested is copying a name
that was never seen, not understanding a word that was never taught.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

from tools.home_model.kinds import MEASURES, NOTICES

RESERVED_PERCENT = 15


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


COMMON_ROOMS = _split("""
kitchen, living room, bedroom, bathroom, office, hallway, garage, garden, dining room, guest room, entrance, basement, attic, study,
laundry room, master bedroom, kids room, nursery, patio, balcony, terrace, porch, closet, outside, front yard, backyard, staircase
""")

ROOMS = _split("""
lounge, den, parlor, sunroom, conservatory, library, gym, workshop, shed, pantry, cellar, mudroom, utility room, playroom, game room,
media room, music room, sewing room, craft room, studio, foyer, vestibule, lobby, landing, corridor, toilet, powder room, ensuite, shower room,
washroom, sauna, spa, pool house, pool, greenhouse, barn, stable, carport, driveway, courtyard, deck, veranda, gazebo, pergola, roof terrace,
wine cellar, boiler room, server room, storage room, storeroom, cloakroom, dressing room, walk in closet, loft, mezzanine, annex, guest house,
granny flat, cottage, cabin, boathouse, dock, orchard, vineyard, chapel, gallery, atrium, rotunda, tower, turret, observatory, hobby room,
home theater, cinema, theater, bar, snug, drawing room, sitting room, family room, great room, kitchenette, scullery, breakfast room, breakfast nook,
tea room, meditation room, yoga room, prayer room, dance room, art room, darkroom, photo studio, recording studio, reading room, school room, classroom,
meeting room, conference room, reception, waiting room, box room, spare room, lumber room, coal cellar, root cellar, bike room, ski room, tack room,
dog room, cat room, bird house, aviary, chicken coop, kennel, bunk room, box bedroom, back room, front room, middle room, side room, upper hall, lower hall,
kids bathroom, guest bathroom, main bathroom, kids bedroom, guest bedroom, back bedroom, front bedroom, small bedroom, big bedroom, laboratory, bunker, vault
""")

COMMON_FLOORS = _split(
    "ground floor, first floor, second floor, third floor, upstairs, downstairs, basement, attic, main floor, top floor"
)
FLOORS = _split("""
lower floor, upper floor, middle floor, lower level, upper level, main level, entry level, garden level, street level, mezzanine, cellar level, loft level,
fourth floor, fifth floor, penthouse level, roof level, half floor, east wing, west wing, north wing, south wing, annex floor, guest wing, family wing
""")

ADJECTIVES = _split("""
big, small, little, tiny, large, tall, short, old, new, red, blue, green, yellow, white, black, grey, silver, golden, brass, copper, wooden, bamboo, marble, crystal, glass, paper,
velvet, leather, round, square, oval, long, narrow, wide, crooked, curvy, fancy, plain, cozy, warm, cold, bright, dim, soft, strong, quiet, loud, cheap, funny, ugly, pretty,
spare, second, third, main, central, hidden, secret, magic, vintage, antique, modern, rustic, nordic, tropical, royal, noble, humble, portable, mobile, fixed, hanging, standing,
floating, spinning, glowing, blinking, sleepy, grumpy, happy, lazy, lonely, lucky, mighty, misty, stormy, sunny, cloudy, starry, dusty, rusty, shiny, sparkly, spotted, striped,
purple, orange, pink, turquoise, amber, ivory, scarlet, crimson, emerald, cobalt, indigo, maroon, teal, beige, ebony
""")

PLACES = _split(
    "left, right, front, back, side, top, bottom, upper, lower, middle, inner, outer, north, south, east, west, corner"
)

THINGS = _split("""
desk, table, counter, countertop, island, sink, stove, oven, fridge, shelf, bookshelf, bookcase, cabinet, cupboard, wardrobe, dresser, mirror, vanity, bed, bedside, nightstand, headboard,
crib, sofa, couch, armchair, chair, bench, stool, piano, guitar, drum, easel, aquarium, fish tank, terrarium, birdcage, fireplace, chimney, mantel, hearth, window sill, doorway, archway,
stairs, stairwell, railing, banister, ceiling, wall, floor, beam, alcove, niche, nook, reading nook, ledge, pillar, column, statue, fountain, pond, hedge, tree, oak, maple, birch, willow, pine,
palm, fern, cactus, bonsai, orchid, rose, tulip, lily, lavender, ivy, bush, lawn, path, walkway, driveway, fence, trellis, planter, flower bed, raised bed, compost, swing, slide, sandbox, trampoline,
treehouse, tent, hammock, grill, barbecue, smoker, fire pit, hot tub, jacuzzi, bathtub, shower, toilet, towel rack, washer, dryer, dishwasher, toaster, kettle, coffee maker, espresso machine,
blender, mixer, microwave, freezer, wine cooler, ice maker, juicer, rice cooker, waffle iron, sewing machine, iron, printer, scanner, router, modem, server, computer, laptop, monitor, screen,
projector, console, arcade, pinball, jukebox, turntable, record player, radio, amplifier, subwoofer, soundbar, telescope, microscope, globe, clock, painting, poster, photo wall, trophy, vase,
candle, lantern, chandelier, pendant, sconce, spotlight, uplight, night light, strip, led strip, rope, garland, fairy, icicle, snowman, reindeer, pumpkin, wreath, christmas tree, star, moon, sun,
cloud, rainbow, rocket, robot, dragon, unicorn, dinosaur, bear, bunny, owl, fox, wolf, lion, tiger, elephant, giraffe, penguin, turtle, frog, snail, spider, beetle, dolphin, whale, shark, octopus,
heater, radiator, boiler, furnace, pump, filter, compressor, generator, battery bank, inverter, charger, car charger, scooter, bicycle, treadmill, rowing machine, workbench, lathe, drill press, saw,
mailbox, doorbell, intercom, safe, gun cabinet, humidor, medicine chest, toy box, dollhouse, train set, puppet theater, playpen, high chair, changing table, litter box, pet bowl, dog house, feeder
""")

NICKNAMES = _split("""
sparky, buddy, rosie, jeeves, alfred, hal, gizmo, pixel, turbo, flash, bolt, comet, nova, orion, luna, stella, apollo, zeus, hera, athena, odin, thor, freya, loki, merlin, gandalf, dobby, hagrid, bilbo, yoda,
chewie, wally, bender, optimus, marvin, ziggy, bowie, elvis, ringo, mozart, bach, beethoven, vivaldi, picasso, monet, rembrandt, galileo, newton, tesla, edison, curie, darwin, einstein, plato, socrates, homer,
virgil, dante, hamlet, romeo, juliet, ophelia, macbeth, falstaff, sherlock, watson, moriarty, poirot, columbo, magnum, batcave, fortress, nautilus, titanic, enterprise, voyager, discovery, pathfinder, sputnik,
phoenix, griffin, pegasus, kraken, hydra, sphinx, medusa, minotaur, goblin, gremlin, pixie, sprite, banshee, yeti, bigfoot, nessie, godzilla, kong, rocky, rambo, zorro, tarzan, mowgli, baloo, simba, nemo, dory,
bambi, dumbo, pluto, goofy, mickey, snoopy, garfield, tintin, asterix, obelix, popeye, olive, biscuit, cookie, muffin, pancake, waffle, pretzel, nacho, taco, burrito, noodle, pickle, peanut, pepper, ginger,
saffron, basil, thyme, clover, daisy, poppy, violet, hazel, juniper, aspen, cedar, rowan, sorrel, bramble, thistle, nettle, pebble, flint, granite, quartz, onyx, jasper, opal, topaz, zircon, ruby, sapphire
""")

FIRST_NAMES = _split("""
anna, emma, olivia, sophia, mia, lena, laura, julia, sarah, lisa, marie, clara, nora, ella, ida, greta, frida, astrid, ingrid, sigrid, maya, zoe, chloe, lucy, alice, grace, ruby, rose, daisy, amelia, charlotte,
hannah, rachel, rebecca, miriam, esther, judith, naomi, leah, priya, ananya, lakshmi, fatima, aisha, leila, yasmin, noor, mei, ling, yuki, sakura, haruka, keiko, isabella, valentina, camila, lucia, carmen, rosa,
elena, irina, olga, natasha, katya, svetlana, agnieszka, kasia, zofia, eszter, ilona, dorottya, peter, paul, thomas, michael, david, daniel, james, william, henry, george, oliver, jack, harry, charlie, oscar, leo,
max, felix, moritz, jonas, lukas, niklas, fabian, sebastian, matthias, stefan, andreas, bjorn, lars, sven, erik, magnus, gustav, axel, hugo, louis, pierre, antoine, marcel, luca, marco, matteo, giovanni,
antonio, carlos, diego, miguel, pablo, javier, rafael, pedro, tiago, joao, ahmed, omar, hassan, ali, yusuf, ibrahim, raj, arjun, vikram, rohan, sanjay, wei, jun, hiroshi, kenji, takeshi, min, ivan, boris, dmitri,
sergei, vladimir, pavel, tomas, jakub, marek, piotr, wojtek, zoltan, attila, bence, mom, dad, grandma, grandpa, granny, nana, papa, mama, auntie, uncle, baby
""")

BRANDS = _split("""
hue, nest, sonos, ikea, philips, bosch, siemens, samsung, sony, panasonic, toshiba, dyson, miele, aeg, shelly, tapo, kasa, wyze, ring, eufy, roomba, roborock, ecovacs, neato, dreame, tuya, aqara, nanoleaf, govee, lifx,
yeelight, wemo, lutron, bose, denon, marantz, yamaha, klipsch, jbl, roku, apple, google, amazon, echo, chromecast, shield, xbox, playstation, switch dock, daikin, mitsubishi, carrier, honeywell, ecobee, tado, netatmo,
velux, somfy, yale, schlage, august, kwikset, gardena, husqvarna, worx, rachio, rainbird
""")

SCENE_WORDS = _split("""
movie, dinner, breakfast, morning, evening, night, good night, good morning, goodnight, bedtime, wake up, relax, focus, reading, study time, cooking, baking, cleaning, cleanup, romance, romantic, date night, sunset, sunrise, dawn,
dusk, twilight, midnight, noon, siesta, nap, gaming, workout, yoga, meditation, spa day, homework, work, leaving, away, vacation, holiday, arrival, welcome, welcome home, coming home, guests, birthday, celebration, disco,
concert, candlelight, fireside, winter, summer, autumn, spring, rainy day, storm, tropical, ocean, forest, desert, arctic, aurora, galaxy, halloween, christmas, easter, thanksgiving, lullaby, story time, playtime,
panic, emergency, all off, all clear, lockdown, energy saving, chill, cozy, bright, dimmed, colorful, pastel, neon, vintage film, house party, karaoke, football, game day, news, brunch, tea time, happy hour, movie night, film night, cinema, film, supper, going out, back home
""")
SCENE_TAILS = _split("mode, scene, time, mood, lights, routine, setting, vibes, lighting, atmosphere, sequence, script")

TODO_WORDS = _split("""
groceries, errands, chores, jobs, to do, tasks, odd jobs, homework, packing, wish, gift, garden, repair, cleaning, weekend, work, school, party, travel, hardware store, pharmacy, drugstore, bakery, butcher, market, farmers market, pet store, book, movie, bucket,
reading, project, maintenance, holiday, camping, baby, birthday, meal, recipe, office supply, moving, bill, workout, chore wheel, honey do, pantry, freezer, costco, aldi, lidl, target run, walmart, safeway
""")

PLACE_NAMES = _split("""
berlin, paris, madrid, rome, vienna, prague, budapest, warsaw, oslo, stockholm, helsinki, copenhagen, dublin, edinburgh, amsterdam, brussels, zurich, geneva, munich, hamburg, cologne, lisbon, porto, athens, istanbul, cairo,
nairobi, lagos, delhi, mumbai, tokyo, osaka, seoul, beijing, shanghai, sydney, melbourne, auckland, toronto, vancouver, montreal, chicago, boston, seattle, denver, austin, miami, atlanta, portland, lima, bogota, santiago
""")

SENSOR_SUBJECTS = _split("""
fridge, freezer, oven, boiler, attic, greenhouse, pool, sauna, aquarium, server, solar, inverter, car, bike, router, washer, dryer, dishwasher, heat pump, wallbox, charger, grid, meter, tank, cistern, rain barrel, well, soil, lawn,
mailbox, bed, pillow, crib, tablet, phone, laptop, watch, remote, doorbell, camera, weather station, balcony plant, tomato, orchid, terrarium, incubator, brewery, fermenter, wine fridge, cheese cave, beehive, chicken coop,
truck, van, trailer, boat, caravan, scooter, mower, compressor, generator, turbine, windmill, panel, array, furnace, chimney, duct, vent, pipe, hot water, cold water, radiator, basement wall, roof, gutter, gas meter, water meter
""")

# Appliances that are called by what they are, by domain: at home most kettles are called just that.
APPLIANCES: dict[str, tuple[str, ...]] = {
    "switch": _split(
        "kettle, kettle, washing machine, washing machine, washer, dryer, tumble dryer, dishwasher, coffee machine, coffee maker, espresso machine, car charger, car charger, ev charger, wallbox, printer, "
        "towel rail, heated towel rail, towel warmer, towel heater, electric blanket, heated blanket, bed warmer, fountain, water feature, pond pump, sprinkler, lawn sprinkler, sprinklers, burglar alarm, house alarm, "
        "extractor fan, cooker hood, hot tub, slow cooker, rice cooker, toaster, oven, iron, christmas tree, immersion heater, humidifier, dehumidifier, air fryer, microwave, freezer, fridge, fish tank, "
        "heat lamp, fan heater, grow lamp, bread maker, record player, computer, treadmill, router, water pump, "
        "electric blanket, electric blanket, security system, alarm system, burglar alarm, patio heater, space heater, oil heater, panel heater, hair straighteners, pool pump, sump pump, garden sprinkler, lawn sprinkler, printer, iron, phone charger, bike charger"
    ),
    "valve": _split(
        "water main, water main, main water valve, water valve, sprinkler, lawn sprinkler, irrigation, garden tap, stopcock, main stopcock, garden sprinkler"
    ),
    "input_boolean": _split(
        "burglar alarm, house alarm, alarm, alarm system, security system, guest mode, holiday mode"
    ),
    "humidifier": _split("humidifier, dehumidifier, air purifier"),
    "water_heater": _split("boiler, water heater, hot water, immersion heater"),
    "vacuum": _split(
        "rosie, gizmo, buddy, dobby, wally, marvin, alfred, jeeves, dusty, henry, bender, pixel, turbo, hazel, stella"
    ),
}

# Nouns that say what a thing is, by domain (and device class): shared by both splits.
NOUNS: dict[str, tuple[str, ...]] = {
    "light": _split(
        "light, light, light, light, light, light, lamp, lamp, lamp, lights, lights, ceiling light, ceiling, floor lamp, table lamp, spotlight, spots, strip, "
        "pendant, chandelier, bulb, night light, main light, big light, corner lamp, desk lamp, bedside lamp, reading lamp, fairy lights, standard lamp, wall lights"
    ),
    "switch": _split("switch, plug, outlet, socket, power strip, heater, kettle, pump, coffee maker, charger, printer"),
    "input_boolean": _split("mode, toggle, guest mode, vacation mode, alarm, boost, away mode, night mode"),
    "fan": _split("fan, ceiling fan, ventilator, exhaust fan, extractor fan, tower fan, desk fan, extractor"),
    "lock": _split("door, door lock, lock, front door, back door, side door, gate, deadbolt, cellar door, patio door"),
    "climate": _split(
        "thermostat, heating, heater, radiator, air conditioner, AC, heat pump, air conditioning, floor heating"
    ),
    "media_player/tv": _split("tv, television, TV, smart tv, projector"),
    "media_player/speaker": _split("speaker, stereo, radio, soundbar, music box, sound system, speakers, home cinema"),
    "vacuum": _split("vacuum, robot, vacuum cleaner, robot vacuum, hoover, cleaner, mop"),
    "valve": _split("valve, water valve, gas valve, main valve, sprinkler, irrigation, tap"),
    "humidifier": _split("humidifier, dehumidifier, air purifier"),
    "water_heater": _split("water heater, boiler, hot water"),
    "lawn_mower": _split("mower, lawn mower, robot mower"),
    "button": _split("button, doorbell, reset, restart, buzzer, bell"),
    "cover/blind": _split("blind, blinds, roller blind, venetian blind"),
    "cover/curtain": _split("curtain, curtains, drapes, sheer curtain"),
    "cover/shade": _split("shade, shades, roller shade, sun shade"),
    "cover/shutter": _split("shutter, shutters, roller shutter"),
    "cover/window": _split("window, skylight, roof window, windows"),
    "cover/door": _split("door, sliding door, doors"),
    "cover/garage": _split("garage door, garage, roll up door, big door"),
    "cover/gate": _split("gate, driveway gate, side gate, gates"),
    "cover/awning": _split("awning, sun sail, canopy"),
    "camera": _split("camera, cam"),
}

_SUFFIXES = (
    *(suffix for measure in MEASURES.values() for suffix in measure.suffixes),
    *(suffix for notice in NOTICES.values() for suffix in notice.suffixes),
)
_NEVER_RESERVED = frozenset(
    word
    for entry in (
        *COMMON_ROOMS,
        *COMMON_FLOORS,
        *PLACES,
        *SCENE_TAILS,
        *(noun for nouns in NOUNS.values() for noun in nouns),
        *_SUFFIXES,
    )
    for word in entry.lower().split()
) | frozenset(
    "room house home floor level wing sensor detector list plant water air main mode time up in day red blue green yellow white orange "
    "purple pink turquoise warm cold bright dim second third bedroom bathroom big small".split()
)


@lru_cache(maxsize=100_000)
def is_reserved(word: str) -> bool:
    """Whether a word may only occur in the names of test homes."""
    word = word.lower().removesuffix("'s")
    if word in _NEVER_RESERVED or word.isdigit():
        return False
    return int(sha256(word.encode()).hexdigest()[:8], 16) % 100 < RESERVED_PERCENT


@lru_cache(maxsize=100_000)
def fits(entry: str, split: str) -> bool:
    """Whether an entry of a word list may name something in a home of this split.

    Train: no reserved word. Test: a reserved word, and beside it only reserved or shared ones.
    """
    reserved = [is_reserved(word) for word in entry.split()]
    if split == "train":
        return not any(reserved)
    shared = [word.lower() in _NEVER_RESERVED or word.isdigit() for word in entry.split()]
    return any(reserved) and all(r or s for r, s in zip(reserved, shared, strict=True))


@lru_cache(maxsize=1000)
def usable(entries: tuple[str, ...], split: str) -> tuple[str, ...]:
    """Those entries of a list that fit the split (all of them, should none fit)."""
    return tuple(entry for entry in entries if fits(entry, split)) or entries


_ONSETS = _split(
    "b, br, c, ch, cl, cr, d, dr, f, fl, fr, g, gl, gr, h, j, k, kl, kr, l, m, n, p, pl, pr, qu, r, s, sh, sk, sl, sm, sn, sp, st, str, t, th, tr, v, w, y, z"
)
_VOWELS = _split("a, e, i, o, u, a, e, i, o, u, ai, ea, ee, oo, ou, ie, oa, y")
_CODAS = (
    "",
    "",
    "",
    "",
    "n",
    "r",
    "l",
    "s",
    "t",
    "m",
    "k",
    "x",
    "nd",
    "rt",
    "st",
    "ck",
    "sh",
    "ng",
    "p",
    "b",
    "g",
    "ll",
    "mp",
    "z",
)


def pseudo_word(rng: random.Random, split: str) -> str:
    """A word that does not exist, made of one to three syllables, of the wanted split."""
    while True:
        count = rng.choice((1, 2, 2, 2, 3, 3))
        word = "".join(
            rng.choice(_ONSETS if i == 0 or rng.random() < 0.8 else _CODAS)
            + rng.choice(_VOWELS)
            + (rng.choice(_CODAS) if i == count - 1 else "")
            for i in range(count)
        )
        if 3 <= len(word) <= 11 and is_reserved(word) == (split == "test") and word not in _NEVER_RESERVED:
            return word


def any_word(rng: random.Random, split: str, lists: Iterable[tuple[str, ...]]) -> str:
    """An entry out of one of several lists that fits the split."""
    return rng.choice(usable(rng.choice(tuple(lists)), split))
