# SPDX-License-Identifier: Apache-2.0
"""Commands to players: what plays, how loud, and what to play next."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from appliance.speech.numbers import digits
from tools.home_model import results, things, titles
from tools.home_model.calls import Draft, Result, call
from tools.home_model.drafts import draft, pick
from tools.home_model.grammar import Split
from tools.home_model.homes import Home, HomeDevice
from tools.home_model.levels import percent
from tools.home_model.places import Place, somewhere
from tools.home_model.targets import members, named


def _inside(spot: Place) -> str:
    """Where something plays: "in the garden", for music is not "of" or "for" a room."""
    return re.sub(r"^(?:of|for) ", "in ", spot.inside)


def _on(rng: random.Random, home: Home) -> tuple[str, dict[str, str], HomeDevice | None]:
    """On what or where: by name, by room, or nothing said."""
    pick_of = rng.random()
    players = members(home, "media_player", None)
    if pick_of < 0.45:
        return "", {}, rng.choice(players) if players else None
    if pick_of < 0.72 and players:
        target = named(rng, home, rng.choice(players))
        return f"{rng.choice(('on', 'on', 'on', 'for'))} {target.text}", target.arguments, target.devices[0]
    spot = somewhere(rng, home, {"area": 90, "here": 10})
    if spot is None:
        return "", {}, rng.choice(players) if players else None
    found = members(home, "media_player", None, spot.area) if spot.area else players
    return _inside(spot), spot.arguments, found[0] if found else None


_MEDIA = {
    "media.pause": ("HassMediaPause", "paused"), "media.unpause": ("HassMediaUnpause", "playing"), "media.next": ("HassMediaNext", "playing"),
    "media.previous": ("HassMediaPrevious", "playing"), "mute": ("HassMediaPlayerMute", "muted"), "unmute": ("HassMediaPlayerUnmute", "not muted"),
    "volume.set": ("HassSetVolume", "at volume {n} percent"), "volume.up": ("HassSetVolumeRelative", "at volume {m} percent"),
    "volume.down": ("HassSetVolumeRelative", "at volume {m} percent"), "volume.step.up": ("HassSetVolumeRelative", "at volume {m} percent"),
    "volume.step.down": ("HassSetVolumeRelative", "at volume {m} percent"), "play": ("HassMediaSearchAndPlay", "playing {q}"),
    "play.class": ("HassMediaSearchAndPlay", "playing {q}"), "play.watch": ("HassMediaSearchAndPlay", "playing {q}"), "loud": ("HassSetVolumeRelative", "at volume {m} percent"),
    "play.mood": ("HassMediaSearchAndPlay", "playing {q}"), "media.off": ("HassTurnOff", "off"),
    "play.on": ("HassMediaSearchAndPlay", "playing {q}"), "media.some": ("HassMediaUnpause", "playing"), "volume.at": ("HassSetVolume", "at volume {n} percent"),
    "volume.din": ("HassSetVolumeRelative", "at volume {m} percent"),
    "quiet": ("HassSetVolumeRelative", "at volume {m} percent"), "loud.x": ("HassSetVolumeRelative", "at volume {m} percent"),
}  # fmt: skip


_MEDIA_WEIGHTS = {
    "media.pause": 12, "media.unpause": 9, "media.next": 11, "media.previous": 9, "mute": 5, "unmute": 4, "volume.set": 12, "volume.up": 7, "volume.down": 7,
    "volume.step.up": 3, "volume.step.down": 3, "play": 20, "play.class": 10, "play.watch": 4, "loud": 1.5, "quiet": 1.5, "loud.x": 0.7,
    "play.mood": 2, "media.off": 1.5, "play.on": 7, "media.some": 4, "volume.at": 4.5, "volume.din": 2.5,
}  # fmt: skip


_CLASSES = {
    "artist": ("artist", "band", "singer"), "album": ("album", "record"), "track": ("song", "track", "tune"), "playlist": ("playlist",), "podcast": ("podcast",),
}  # fmt: skip


_VIDEOS = {"movie": ("movie", "film"), "tv_show": ("tv show", "show", "series", "tv series"), "video": ("video",)}


_A_CLASS = "|".join(word for words in (*_CLASSES.values(), *_VIDEOS.values()) for word in words)
IS_CLASS = re.compile(rf"^(?:the )?(?:{_A_CLASS})\b|\b(?:{_A_CLASS})$")


_MOODS = tuple(
    "calm quiet soft gentle mellow cheerful cheery upbeat lively jolly happy sad slow loud relaxing soothing dreamy romantic festive old modern classical new rousing chilled funky bouncy groovy moody peaceful energetic".split()
)
_SOUNDS = ("music", "music", "tunes", "songs")
_LOW = re.compile(r"\b(?:low|quiet|soft|hush|whisper|murmur|background)\b")
_HIGH = re.compile(r"\b(?:loud|full|booming|blasting|high)\b")


def _mood(rng: random.Random) -> str:
    """Something to play that is only known by its mood: "something mellow", "cheerful tunes"."""
    mood = rng.choice(_MOODS)
    return f"something {mood}" if rng.random() < 0.6 else f"{mood} {rng.choice(_SOUNDS)}"


def _level(rng: random.Random, text: str) -> str:
    """A volume that fits what the template says of it."""
    if _LOW.search(text):
        return str(rng.choice((2, 5, 5, 8, 10, 10, 12, 15, 15, 20, 20, 25, 30)))
    if _HIGH.search(text):
        return str(rng.choice((60, 65, 70, 75, 80, 80, 85, 90, 95, 100)))
    return percent(rng)


_SOMEWHERE = re.compile(r"\b(?:in|on|at|for|from|to|through|over|inside|around|via)(?: (?:the|my|our))? (\w+)")
_PLACES = frozenset("garden house home room office hall stairs radio school church".split())


def says_where(home: Home, title: str) -> bool:
    """Whether a title may as well say where it is to play: "rain in the garden", "blue on angel" where something is called so."""
    known = {word for name in home.areas + home.floors for word in name.lower().split()}
    known |= {
        word for device in home.devices for name in (device.name, *device.aliases) for word in name.lower().split()
    }
    return any(word in _PLACES or word in known for word in _SOMEWHERE.findall(title))


def _names_another(home: Home, text: str, arguments: dict[str, str]) -> bool:
    """Whether a player is named that is not the one meant: "pause the radio" where one is called Radio."""
    said = text.lower().replace(arguments.get("name", "\n"), "")
    return any(
        re.search(rf"\b{re.escape(name.lower())}\b", said)
        for player in members(home, "media_player", None)
        for name in (player.name, *player.aliases)
    )


def _tidy(found: Draft | None, title: str) -> Draft | None:
    """The sentence with one "on" where two meet: "put some jazz on the radio"."""
    if found is None or title.startswith("on "):
        return found
    return replace(found, text=found.text.replace(" on on ", " on "))


_INNER = re.compile(r"\bin the (?=\w)")
"""What may be part of a title where another place follows: "play dancing in the kitchen in the bedroom"."""

_SOME_THE = re.compile(r"\b(?:some|a bit of|a little|any) (?:the|an?|something|anything|episode|season|chapter|part) ")
_PLAYS = re.compile(r"\b(?:play|playing|hear|hearing|listen|listening|stream|streaming|queue|song|tune|tracks?)\b")


def _heard_as_title(text: str, title: str, slots: frozenset[str]) -> bool:
    """Whether the words are nothing but a title, and are written in the sentence as they are alone."""
    if title not in digits(text) or _SOME_THE.search(text):
        return False
    plays = slots & {"class", "video"} or _PLAYS.search(text.partition(title)[0])
    return bool(plays) or not titles.needs_play(title)


def media(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Something about what plays."""
    section = rng.choices(tuple(_MEDIA_WEIGHTS), tuple(_MEDIA_WEIGHTS.values()))[0]
    tool, state = _MEDIA[section]
    chosen = pick(rng, split, section, f"{section}.say", f"{section}.name", f"{section}.bare")
    if chosen is None:
        return None
    players = members(home, "media_player", None)
    text, arguments, player = _on(rng, home)
    if section.startswith("play"):
        text = re.sub(r"^(?:for|from) ", "on ", text)
    n, m = _level(rng, chosen[0].text), percent(rng)
    slots = {"n": n, "on": text, "p": "", "onp": "", "x": "", "in": "", "q": "", "class": "", "video": "", "them": "it"}
    template_slots = chosen[0].slots
    arguments = dict(arguments)
    if template_slots & {"p", "x", "onp"}:
        if not players:
            return None
        target = named(rng, home, rng.choice(players))
        slots |= {"p": target.text, "x": target.text, "onp": f"{rng.choice(('on', 'of', 'for'))} {target.text}"}
        arguments, player = dict(target.arguments), target.devices[0]
        slots |= {"on": "", "them": "them" if target.plural else "it"}
    elif "in" in template_slots:
        spot = somewhere(rng, home, {"area": 60, "here": 40})
        if spot is None:
            return None
        slots["in"], arguments = _inside(spot), dict(spot.arguments)
        found = members(home, "media_player", None, spot.area) if spot.area else players
        player = found[0] if found else None
    elif "on" not in template_slots:
        arguments = {}
        player = players[0] if players else None
    if "floor" in arguments:
        return None  # these tools know no floors
    names = (arguments["name"],) if "name" in arguments else ()
    if tool == "HassSetVolume":
        arguments["volume_level"] = n
    elif tool == "HassSetVolumeRelative":
        step = {"volume.step.up": n, "volume.step.down": f"-{n}"}.get(section)
        arguments["volume_step"] = step or ("up" if section in ("volume.up", "quiet") else "down")
        if n == "0":
            return None
    elif tool == "HassMediaSearchAndPlay":
        if section == "play.mood":
            slots["q"] = _mood(rng)
        else:
            slots["q"] = things.music(rng, split) if section in ("play", "play.on") else things.work(rng, split)
            inner = _INNER.sub("", slots["q"]) if slots["on"] and "{q} {on}" in chosen[0].text else slots["q"]
            if says_where(home, inner):
                return None
        if not template_slots & {"class", "video"} and IS_CLASS.search(slots["q"]):
            return None  # "play sad song" is the song called sad
        if re.search(r"\{q\} \{(class|video)\}", chosen[0].text):
            slots["q"] = (
                slots["q"].partition(" by ")[0].removeprefix("the ")
            )  # "play the castle album" is the album called castle
        if section == "play.class":
            # The singer comes first: "play the singer Anna", not "play Anna singer".
            behind = "{q} {class}" in chosen[0].text
            media_class, spoken = rng.choice([each for each in _CLASSES.items() if not behind or each[0] != "artist"])
            slots["class"] = rng.choice(spoken)
            arguments["media_class"] = media_class
            if media_class == "artist":
                slots["q"] = things.artist(rng, split)
            elif media_class == "playlist" and rng.random() < 0.5:
                slots["q"] = titles.playlist(rng, split)
        elif section == "play.watch":
            media_class, spoken = rng.choice(tuple(_VIDEOS.items()))
            slots["video"] = rng.choice(spoken)
            arguments["media_class"] = media_class
        arguments["search_query"] = slots["q"]
    if player is None:
        result = Result(
            False, rng.choice(("There is no player at home", "There is no player here", "Nothing is playing"))
        )
    elif rng.random() < results.FAILURES:
        result = Result(
            False,
            rng.choice(
                (
                    f"{player.name} is off",
                    f"{player.name} did not answer",
                    f"The volume of {player.name} cannot be set",
                    f"{player.name} cannot search for media",
                )
            ),
        )
    else:
        result = Result(True, f"{player.name} is {state.format(n=n, m=m, q=slots['q'])}")
    done = _tidy(draft(rng, chosen, slots, call(tool, arguments), result, names), slots["q"])
    if done is None or _names_another(home, done.text, arguments):
        return None
    return done if not slots["q"] or _heard_as_title(done.text, slots["q"], template_slots) else None


_PLAIN_PLAYERS = {"tv": ("tv", "tv", "telly", "television"), "speaker": ("speaker", "speaker", "stereo")}
_PLAIN_WORDS = re.compile(r"\b(?:tv|telly|television|speakers?|stereo)\b")


def _plainly_called(rng: random.Random, home: Home) -> tuple[Home, str, HomeDevice] | None:
    """The home with its only TV or speaker called just that, as people do who have one."""
    device_class, called = rng.choice(tuple(_PLAIN_PLAYERS.items()))
    found = members(home, "media_player", device_class)
    others = [device for device in home.devices if device not in found]
    names = [name.lower() for device in others for name in (device.name, *device.aliases)]
    if len(found) != 1 or any(map(_PLAIN_WORDS.search, names)):
        return None
    word = rng.choice(called)
    return replace(home, devices=(*others, replace(found[0], name=word, aliases=()))), word, found[0]


def of_house(rng: random.Random, home: Home, split: Split) -> Draft | None:
    """Something about what plays, in a home whose only TV need not be called by its name."""
    plain = _plainly_called(rng, home) if rng.random() < 0.3 else None
    if plain is None:
        return media(rng, home, split)
    called_so, word, player = plain
    found = media(rng, called_so, split)
    if found is None or found.calls[0].arguments.get("name") != word or found.calls[0].tool == "HassTurnOff":
        return None
    known = [name.lower() for name in (player.name, *player.aliases)]
    if any(name in found.text.lower() for name in known) or len(_PLAIN_WORDS.findall(found.text)) > 1:
        return None
    told = tuple(replace(each, text=each.text.replace(word, player.name, 1)) for each in found.results)
    return replace(found, names=(), results=told)
