# SPDX-License-Identifier: Apache-2.0
"""What is played, bought, timed and done, in lists of words that are put together anew each time."""

from __future__ import annotations

import random

from appliance.speech.numbers import digits
from tools.home_model import titles
from tools.home_model.words import ADJECTIVES, FIRST_NAMES, is_reserved, pseudo_word, usable


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


ARTISTS = _split("""
the beatles, queen, abba, mozart, beethoven, bach, chopin, vivaldi, miles davis, john coltrane, ella fitzgerald, louis armstrong, bob dylan, bob marley, david bowie, prince, madonna, metallica, nirvana,
radiohead, coldplay, daft punk, kraftwerk, pink floyd, led zeppelin, the rolling stones, fleetwood mac, stevie wonder, aretha franklin, johnny cash, dolly parton, taylor swift, adele, ed sheeran, billie eilish,
rihanna, beyonce, shakira, bruno mars, drake, eminem, gorillaz, moby, enya, sade, norah jones, hans zimmer, john williams, max richter, ludovico einaudi,
the who, the doors, the cure, the police, the clash, the killers, the lumineers, the pretenders, the national, the wiggles, u2, blondie, erasure, genesis, yes, kansas, boston, chicago, florence and the machine, simon and garfunkel,
earth wind and fire, crosby stills and nash, twenty one pilots, imagine dragons, foo fighters, panic at the disco, walk the moon, kings of leon, queens of the stone age, rage against the machine, electric light orchestra, girl in red,
arcade fire, talking heads, depeche mode, hot chip, fall out boy, green day, black eyed peas, simple minds, crowded house, two door cinema club, glass animals, cage the elephant, tame impala, bon iver, iron and wine, nick cave,
kate bush, patti smith, joni mitchell, leonard cohen, tom waits, neil young, van morrison, cat stevens, elton john, phil collins, george michael, rod stewart, tina turner, whitney houston, celine dion, lady gaga, dua lipa, lorde,
kendrick lamar, kanye west, snoop dogg, the notorious big, wu tang clan, the prodigy, chemical brothers, air, justice, royksopp, sigur ros, bjork, kings of convenience, the xx, first aid kit, of monsters and men, guns and roses,
black sabbath, iron maiden, deep purple, dire straits, status quo, take that, spice girls, boney m, modern talking, scorpions, rammstein, edith piaf, jacques brel, django reinhardt, buena vista social club, yo yo ma, glenn gould
""")
GENRES = _split("""
jazz, rock, pop, classical music, hip hop, reggae, blues, country, techno, house, ambient, lo fi, soul, funk, disco, metal, punk, folk, opera, latin, salsa, swing, bossa nova, piano music, guitar music, christmas music,
relaxing music, dinner music, party music, sleep sounds, white noise, rain sounds, ocean waves, whale songs, kids songs, nursery rhymes, lullabies, film scores, movie soundtracks, the news, the radio, sports radio,
morning news, talk radio, eighties music, nineties hits, oldies, workout music, study music, yoga music, meditation music, baroque music, electronic music, indie rock, acoustic covers, summer hits
""")
TITLE_WORDS = _split("""
midnight, river, golden, summer, dancing, silver, broken, heart, moon, fire, rain, city, lights, road, home, lonely, star, ocean, dream, sweet, wild, blue, night, morning, angel, paradise, thunder, shadow, winter, garden,
mirror, castle, train, stranger, highway, island, forever, yesterday, tomorrow, electric, velvet, crystal, desert, mountain, king, queen, soldier, sailor, doctor, detective, empire, kingdom, secret, house, dragons, planet
""")
COMMON_WORDS = _split("""
a, about, above, across, again, alive, all, almost, alone, along, always, am, american, among, and, another, anyone, are, around, at, away, baby, back, bad, beach, beat, beautiful, because, bed, been,
before, behind, believe, best, better, beyond, bird, bitter, blood, body, bones, book, born, boy, break, bridge, bring, broke, brother, brown, burning, but, butterfly, by, came, can, candle, cannot, car, careless, chance, change,
chase, child, children, church, circle, clouds, club, coat, comes, coming, could, country, crazy, cry, cut, dance, danger, dark, daughter, day, days, dead, dear, december, deep, devil, diamonds, did, die, do, dogs,
don't, door, doubt, down, dragon, drive, drops, dust, each, early, earth, easy, echo, edge, eight, eleven, else, end, enemy, even, ever, every, everybody, everything, evil, eyes, face, faith, fall, family, far, farewell,
fast, father, feel, feeling, feet, fever, few, field, fifty, fight, finally, find, first, five, flame, flowers, fly, fool, for, forget, forty, four, free, friday, friend, friends, from, fun, future, game, gentle, get, ghost,
giant, girl, give, glory, go, god, goes, gone, gonna, good, goodbye, got, grace, great, green, ground, grow, guess, gun, had, half, hall, hand, hands, hard, has, hate, have, he, heat, heaven, hello, help,
her, here, hero, hey, high, hill, him, his, hold, hole, hollow, holy, honey, hope, horizon, horse, hour, how, human, hundred, hungry, hunter, hurt, i, i'm, ice, if, in, infinite, inside, into, invisible, is, it, it's, joy,
june, just, keep, kill, kind, kiss, knife, know, lady, land, last, late, laugh, lay, leave, legend, letter, lie, life, light, lightning, like, line, lion, listen, live, living, lost, lot, love, lover, machine, mad, made,
magic, make, man, many, march, mask, master, maybe, me, mean, meet, memory, men, might, mind, mine, minutes, miracle, miss, mister, monday, money, monster, month, more, mother, mouth, move, much, must, my, mystery, name,
never, new, next, nine, no, nobody, north, not, nothing, november, now, number, of, off, office, oh, old, on, once, one, only, open, or, other, our, out, over, own, pain, party, past, peace, people, perfect, phantom,
picture, pirates, place, play, please, pocket, poison, poor, power, pray, pretty, price, promise, purple, quick, quiet, race, radio, raise, rabbit, ready, real, rebel, red, remember, rhythm, rich, ride, right, ring, rise, rock,
roll, room, rose, run, runaway, sad, said, saint, salt, same, sand, saturday, save, say, school, sea, season, see, seven, seventeen, she, shine, ship, shoes, shore, should, show, sign, silence, sing, sister, six,
skin, sky, slave, sleep, slow, smile, smoke, snow, so, some, someone, something, son, song, soon, soul, sound, south, space, speak, spirit, spring, stairs, stand, stay, steel, still, stone, stop, storm, story, strange, street,
strong, such, sugar, sunday, sunshine, superman, surrender, take, talk, tears, tell, ten, than, that, the, their, them, then, there, these, they, thing, things, think, this, thousand, three, through, tiger, time,
tiny, to, today, together, tonight, too, touch, tower, town, tree, trouble, true, trust, truth, try, turn, twelve, twenty, two, ugly, uncle, under, universe, until, up, us, valley, very, voice, wait, wake, walk, wall, want, war,
was, watch, water, wave, way, we, we're, wedding, week, well, went, were, west, what, wheel, when, where, which, while, whisper, who, why, wicked, wife, wild, will, wind, window, wings, wish, witch, with, without, wolf, woman,
wonder, wonderful, wood, words, work, world, would, wrong, year, years, yellow, yes, you, you're, young, your, zero, zombie
""")
PEOPLE = _split(
    "history, science, crime, cooking, travel, business, comedy, sports, politics, gardening, technology, astronomy, football, philosophy, parenting, money"
)
FOODS = _split("""
milk, bread, eggs, butter, cheese, apples, bananas, oranges, tomatoes, potatoes, onions, garlic, carrots, lettuce, spinach, cucumbers, mushrooms, rice, pasta, flour, sugar, salt, pepper, olive oil, vinegar, honey, jam,
coffee, tea, orange juice, water, beer, wine, yogurt, cream, chicken, beef, fish, ham, sausages, tofu, beans, lentils, cereal, oatmeal, cookies, chocolate, ice cream, toilet paper, paper towels, soap, shampoo,
toothpaste, detergent, batteries, light bulbs, trash bags, dog food, cat food, cat litter, diapers, napkins, tissues, sponges, foil, candles, lemons, limes, strawberries, blueberries, grapes, avocados, peppers, corn,
peanut butter, maple syrup, almonds, walnuts, crackers, tortillas, bagels, muffins, baking powder, yeast, vanilla, cinnamon, ginger, basil, parsley, mustard, ketchup, mayonnaise, soy sauce, salsa, hummus, popcorn
""")
AMOUNTS = _split(
    "2 bottles of, a bag of, a dozen, 3 cans of, a pack of, 2, a box of, 6, a loaf of, a carton of, 4 packs of, fresh, organic, 1 kilo of, a jar of, frozen, 500 grams of"
)
VERBS = _split("""
call, visit, email, pay, clean, fix, repair, paint, wash, water, feed, walk, pick up, drop off, return, order, book, renew, cancel, check, replace, sort, fold, iron, mow, trim, charge, sell, wrap, print, sign, mail, schedule, finish, organize, vacuum
""")
OBJECTS = _split("""
the car, the dog, the cat, the plants, the windows, the gutters, the bathroom, the garage, the bike, the rent, the bills, the dentist, the doctor, the plumber, the electrician, the landlord, grandma, mom, dad, the laundry, the dishes, the floor,
the fence, the lawn, the passport, the library books, the package, the tickets, the hotel, the taxes, the insurance, the report, the homework, the presentation, the invitation, the birthday present, the cake, the trash, the recycling, the mail
""")
TIMED = _split("""
pizza, pasta, tea, eggs, rice, laundry, oven, bread, cake, cookies, chicken, roast, turkey, potatoes, soup, stew, noodles, coffee, dishwasher, nap, workout, meditation, homework, break, dough, sauce, steak, fish, veggies, broccoli, cupcakes, lasagna,
casserole, ribs, grill, popcorn, quinoa, beans, washing machine, dryer, study, reading, piano practice, bath, shower, screen time, parking meter, phone call, meeting, lunch, dinner, breakfast, yoga, plank, stretching, hair dye, face mask, medicine
""")
ZONES = _split(
    "work, school, the gym, the office, university, church, the park, the supermarket, the hospital, the library, the station, daycare, the club, the stadium, the airport, college, the farm, the lake house"
)


_LINKS = _split(
    "of the, in the, and the, of, for, and, on the, without, with, to the, under the, from the, on, after, by the"
)
_STARTS = _split(
    "i love, how to, dancing with, don't stop, call me, back to, we are, all my, one more, take me, the story of, return of the, born to, this is, goodbye"
)
_BANDS = _split(
    "boys, girls, brothers, sisters, kings, band, quartet, trio, orchestra, birds, stones, riders, dogs, cats, hearts, project, crew, singers"
)
_DECADES = _split("sixties, seventies, eighties, nineties, noughties, fifties, twenties")
_OF_AGES = _split(
    "rock, pop, jazz, soul, disco, hits, country, love songs, dance music, ballads, movie soundtracks, punk, folk"
)
_MORE_WORDS = tuple(word for word in (*ADJECTIVES, *FIRST_NAMES) if " " not in word and not is_reserved(word))


def _title(rng: random.Random, split: str) -> str:
    if rng.random() < 0.5:
        return digits(titles.title(rng, split))
    if rng.random() < 0.5:
        return f"{rng.choice(('', '', '', 'the '))}{_any_words(rng)}"
    words = [rng.choice(TITLE_WORDS if rng.random() < 0.6 else _MORE_WORDS) for _ in range(rng.choice((1, 2, 2, 2, 3)))]
    if len(words) > 1 and rng.random() < 0.35:
        words.insert(-1, rng.choice(_LINKS))
    if rng.random() < 0.1:
        words.insert(0, rng.choice(_STARTS))
    return " ".join(words)


def _any_words(rng: random.Random) -> str:
    """Titles can be anything: words in any order, now and then a number, a part, a season."""
    pools = rng.choices((COMMON_WORDS, TITLE_WORDS, _MORE_WORDS), (7, 2, 2), k=rng.choice((1, 2, 2, 3, 3, 4, 5)))
    words = [rng.choice(pool) for pool in pools]
    while len(words) > 1 and words[-1] in _NEVER_LAST:
        words[-1] = rng.choice(TITLE_WORDS)
    if rng.random() < 0.12:
        words[rng.choice((0, -1)) :] = [str(rng.choice((*range(2, 100), *range(1900, 2030)))), rng.choice(TITLE_WORDS)]
    if rng.random() < 0.08:
        words += [rng.choice(("part", "season", "chapter")), str(rng.randrange(1, 12))]
    return digits(" ".join(words))  # as the sentence will be written


_NEVER_LAST = {
    "by",
    "on",
    "in",
    "at",
    "from",
    "of",
    "a",
    "an",
    "the",
    "please",
    "now",
    "again",
    "or",
    "and",
    "to",
    "for",
    "with",
    "here",
    "off",
    "up",
    "down",
    "quiet",
    "stop",
}
"""At the end these would belong to the sentence around the title."""


def artist(rng: random.Random, split: str) -> str:
    """Who makes music: known, or made up."""
    pick = rng.random()
    if pick < 0.55:
        return digits(rng.choice(titles.of_split(ARTISTS, split)))
    if pick < 0.72:
        return f"{rng.choice(usable(FIRST_NAMES, split))} {pseudo_word(rng, split)}"
    if pick < 0.8:
        return f"{rng.choice(usable(FIRST_NAMES, split))} and the {rng.choice(_BANDS)}"
    if pick < 0.92:
        return f"the {rng.choice(TITLE_WORDS)} {rng.choice(_BANDS)}"
    return pseudo_word(rng, split)


def music(rng: random.Random, split: str) -> str:
    """Something to play: an artist, a kind of music, a title, or title and artist."""
    pick = rng.random()
    if pick < 0.16:
        return artist(rng, split)
    if pick < 0.32:
        return rng.choice(GENRES)
    if pick < 0.54:
        return _title(rng, split)
    if pick < 0.7:
        return f"{_title(rng, split)} by {artist(rng, split)}"
    if pick < 0.76:
        return " ".join(pseudo_word(rng, split) for _ in range(rng.choice((1, 2))))
    if pick < 0.84:
        return titles.newest(rng, artist(rng, split))
    if pick < 0.88:
        return digits(titles.part(rng, _title(rng, split)))
    if pick < 0.92:
        return digits(titles.station(rng, split))
    if pick < 0.94:
        return titles.playlist(rng, split)
    if rng.random() < 0.4:
        return f"{rng.choice(_OF_AGES)} from the {rng.choice(_DECADES)}"
    return f"{rng.choice(GENRES)} from {artist(rng, split)}"


def work(rng: random.Random, split: str) -> str:
    """The title of a song, film, show or podcast."""
    pick = rng.random()
    if pick < 0.54:
        return _title(rng, split)
    if pick < 0.66:
        return f"{_title(rng, split)} by {artist(rng, split)}"
    if pick < 0.79:
        return " ".join(pseudo_word(rng, split) for _ in range(rng.choice((1, 1, 2))))
    if pick < 0.9:
        return artist(rng, split)
    return f"{rng.choice(('the daily', 'all about', 'the world of', 'stories of'))} {rng.choice(PEOPLE)}"


def purchase(rng: random.Random, split: str) -> str:
    """Something for the shopping list."""
    pick = rng.random()
    if pick < 0.62:
        return rng.choice(FOODS)
    if pick < 0.85:
        return f"{rng.choice(AMOUNTS)} {rng.choice(FOODS)}"
    if pick < 0.93:
        return f"{rng.choice(FOODS)} and {rng.choice(FOODS)}"
    return pseudo_word(rng, split)


def task(rng: random.Random, split: str) -> str:
    """Something for a list of things to do, or to buy."""
    pick = rng.random()
    if pick < 0.6:
        return f"{rng.choice(VERBS)} {rng.choice(OBJECTS)}"
    if pick < 0.9:
        return purchase(rng, split)
    return f"{rng.choice(VERBS)} {pseudo_word(rng, split)}"


def timed(rng: random.Random, split: str) -> str:
    """What a timer is for."""
    pick = rng.random()
    if pick < 0.75:
        return rng.choice(TIMED)
    if pick < 0.85:
        return pseudo_word(rng, split)
    if pick < 0.93:
        return rng.choice(FOODS)
    verb = rng.choice([each for each in VERBS if each not in ("cancel", "finish", "vacuum", "check")])  # no commands
    return f"{verb} {rng.choice(OBJECTS)}".replace("the ", "")
