# SPDX-License-Identifier: Apache-2.0
"""What can be configured: one YAML file, and environment variables that override single keys of it.

`config/appliance.yaml` explains every key for the user; the lines here tell the code that reads it meaning and unit.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from appliance.errors import ApplianceError
from appliance.explain import explain
from appliance.paths import FilePath, FromEnvironment, NameOrPath, config_file, default_state_dir
from appliance.secret import Secret, SecretOrText
from appliance.yaml_file import Document, Place, read

FILE_VARIABLE = "APPLIANCE_CONFIG"
"""Environment variable that names the YAML file."""

OVERRIDE_PREFIX = "APPLIANCE__"
"""Variables that begin so override one key: APPLIANCE__SPEECH__END_SILENCE_MS=400."""

Text = Annotated[str, Field(min_length=1)]


class SettingsError(ApplianceError):
    """Wrong settings: one line a fault, each with its place, its key, what was found and what is allowed."""


class Section(BaseModel):
    """A group of settings. Unknown keys are errors, nothing changes after loading, no value means the default."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_keys_without_value(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}


class AudioSettings(Section):
    """Where sound comes from and goes to."""

    input: Text = "default"
    """Microphone: a card's name, part of it, or "default"."""

    output: Text = "default"
    """Speaker: a card's name, part of it, or "default"."""

    answers: FilePath | None = None
    """Folder that receives every answer as a WAV file; None keeps none."""


class RecognizerSettings(Section):
    """Speech to text: Whisper through CTranslate2."""

    model: Annotated[NameOrPath, Field(min_length=1)] = "tiny.en"
    """A packaged model's name or the path of a folder in CTranslate2's format."""

    compute_type: Literal[
        "default", "auto", "int8", "int8_float32", "int8_float16", "int16", "float16", "bfloat16", "float32"
    ] = "int8"
    """Number format of the weights and of the arithmetic."""

    beam_size: Annotated[int, Field(ge=1, le=10)] = 5
    """Hypotheses kept while decoding."""

    threads: Annotated[int, Field(ge=1, le=64)] = 2
    """CPU threads."""

    max_no_speech: Annotated[float, Field(ge=0, le=1)] = 0.5
    """A result with a higher no-speech probability is dropped."""

    max_compression: Annotated[float, Field(gt=0, le=100)] = 2.4
    """A result that zlib shrinks by a higher factor (a repeated phrase) is dropped."""

    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")] = "en"
    """ISO 639 code of what is spoken."""


class VoiceSettings(Section):
    """Text to speech: Piper."""

    model: Annotated[NameOrPath, Field(min_length=1)] = "en_US-joe-medium"
    """A packaged voice's name or the path of an .onnx file with its .onnx.json beside it."""

    speed: Annotated[float, Field(ge=0.5, le=2.0)] = 1.0
    """Pace of speech, 1.0 is the voice's own."""


class SpeechSettings(Section):
    """From sound to words and back."""

    vad_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Probability of voice from which a frame counts as speech."""

    min_speech_ms: Annotated[int, Field(ge=0, le=2000)] = 200
    """Shorter sounds are ignored."""

    end_silence_ms: Annotated[int, Field(ge=100, le=5000)] = 500
    """Silence that ends a turn."""

    early_silence_ms: Annotated[int, Field(ge=32, le=5000, validate_default=True)] = 160
    """Silence after which recognition starts ahead; at most end_silence_ms."""

    max_turn_s: Annotated[float, Field(ge=1, le=30)] = 15
    """What lasts longer without a pause is no command, and is ignored to its end."""

    recognizer: RecognizerSettings = RecognizerSettings()
    voice: VoiceSettings = VoiceSettings()

    @field_validator("early_silence_ms")
    @classmethod
    def _not_after_the_end(cls, early: int, info: ValidationInfo) -> int:
        end = info.data.get("end_silence_ms")
        if end is not None and early > end:
            raise ValueError(f"found {early}; allowed: at most end_silence_ms, which is {end}")
        return early


class LanguageModelSettings(Section):
    """The language model that decides and answers."""

    model: Annotated[NameOrPath, Field(min_length=1)] = "home"
    """"home" for the packaged model, or the path of a bundle folder."""

    threads: Annotated[int, Field(ge=1, le=64)] = 1
    """CPU threads."""

    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    """0 takes the likeliest token each time."""

    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of probability that is sampled from."""

    ask_below: Annotated[float, Field(ge=0, le=1)] = 0.85
    """A call of which language model and intent classifier are together less sure than this is asked about before it is
    made."""

    max_tokens: Annotated[int, Field(ge=1, le=8192)] = 256
    """Most tokens written in one reply of the model."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Start of the random numbers when temperature is above 0."""


class DialogueSettings(Section):
    """What is remembered between turns."""

    forget_after_s: Annotated[float, Field(ge=0, le=86400)] = 60
    """Silence after which a conversation starts anew."""

    max_turns: Annotated[int, Field(ge=1, le=100)] = 6
    """Turns that are kept; older ones fall out."""


def _home_assistant_url(url: str) -> str:
    from appliance.home.home_assistant_link import socket_url  # websockets is loaded only where it is used

    socket_url(url)
    return url


class HomeAssistantSettings(Section):
    """A Home Assistant whose devices are spoken of."""

    url: Annotated[Text, AfterValidator(_home_assistant_url)]
    """Where its pages are: http://homeassistant.local:8123 or https://…"""

    token: Secret
    """A long-lived access token of one of its users; where it is kept."""

    ca_file: FilePath | None = None
    """Certificate authority of an https address, where the machine does not know it."""


class HomeSettings(Section):
    """The home whose devices are switched."""

    file: FilePath | None = None
    """The simulated home's YAML file; None: the packaged one, unless there are real devices."""

    area: Text | None = None
    """The room where the microphone stands, which "here" means; None where it stands in no room of the home."""

    home_assistant: HomeAssistantSettings | None = None
    """None: there is none."""


class MqttDevice(Section):
    """A device that speaks MQTT of its own, in the words of Home Assistant's MQTT integration."""

    kind: Literal["light", "switch", "sensor", "binary_sensor", "cover", "lock"]
    """Its domain."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    """What it is called."""

    area: Text | None = None
    """The room it is in."""

    device_class: Text | None = None
    """Finer kind: outlet, blind, door, temperature, …"""

    unit_of_measurement: Text | None = None
    """Of a sensor."""

    schema_: Literal["default", "json"] = Field("default", alias="schema")
    """Of a light: plain payloads, or JSON."""

    state_topic: Text | None = None
    """Where it reports; without it nothing is ever known of it, nor claimed."""

    value: Text | None = None
    """Keys that lead to the state in the JSON of a report: sensor.value."""

    command_topic: Text | None = None
    """Where it is told."""

    payload_on: Text | None = None
    payload_off: Text | None = None
    state_on: Text | None = None
    state_off: Text | None = None
    payload_open: Text | None = None
    payload_close: Text | None = None
    payload_lock: Text | None = None
    payload_unlock: Text | None = None
    state_locked: Text | None = None
    state_unlocked: Text | None = None
    state_open: Text | None = None
    state_closed: Text | None = None
    position_topic: Text | None = None
    set_position_topic: Text | None = None
    position_open: int | None = None
    position_closed: int | None = None
    brightness: bool | None = None
    brightness_state_topic: Text | None = None
    brightness_command_topic: Text | None = None
    brightness_scale: Annotated[int, Field(ge=1)] | None = None
    color_temp_state_topic: Text | None = None
    color_temp_command_topic: Text | None = None
    color_temp_kelvin: bool | None = None
    supported_color_modes: list[Text] | None = None
    availability_topic: Text | None = None
    payload_available: Text | None = None
    payload_not_available: Text | None = None


class Zigbee2MqttSettings(Section):
    """Zigbee devices by way of Zigbee2MQTT."""

    base_topic: Text | None = None
    """Its base topic; None: it is not used."""

    areas: dict[str, Text] = {}
    """Room by friendly name; else the part before a slash is the room."""

    classes: dict[str, Text] = {}
    """Finer kind by friendly name, where its guess is wrong: garage, blind, …"""


class MqttSettings(Section):
    """The MQTT broker, and what comes over it."""

    host: Text | None = None
    """Name or address of the broker; None: MQTT is not used."""

    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    user: Text | None = None
    password: Secret | None = None
    tls: bool = False
    ca_file: FilePath | None = None
    """Certificates to trust; None: those of the system."""

    cert_file: FilePath | None = None
    key_file: FilePath | None = None
    discovery: Text | None = None
    """Prefix under which devices announce themselves (homeassistant); None: none is listened to."""

    announce: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """Name under which the appliance announces itself as a device; None: it does not."""

    announce_heard: bool = False
    """Whether what was heard last is announced too: everybody on the broker can read it."""

    devices: list[MqttDevice] = []
    zigbee2mqtt: Zigbee2MqttSettings = Zigbee2MqttSettings()


class McpServer(Section):
    """One server of tools."""

    command: list[Text] = []
    """Program and arguments of a server that runs as a process of the appliance; no shell reads them."""

    environment: dict[str, SecretOrText] = {}
    """Variables of that process, beside PATH, HOME and LANG."""

    url: Text | None = None
    """Where a server is that is reached over HTTP instead."""

    token: Secret | None = None
    """What it wants to see as a bearer token."""

    plain_http: bool = False
    """Whether `url` may be http to another machine."""

    timeout_s: Annotated[float, Field(ge=0.1, le=120)] = 10
    """How long a call may take."""

    tools: dict[str, Literal["allow", "confirm", "pin", "never"]] = {}
    """What may be called, by the server's own names; what is not here is never offered."""

    @model_validator(mode="after")
    def _one_way(self) -> McpServer:
        if bool(self.command) == (self.url is not None):
            raise ValueError("a server needs either a command or a url")
        if self.url is not None and not _is_web_address(self.url, plain=self.plain_http):
            raise ValueError(
                "its url cannot be used; allowed: https://…, http://localhost… and, with plain_http: true, any "
                "http://…, each without user and password"
            )
        if self.environment if self.url is not None else self.token is not None:
            raise ValueError("environment belongs to a command, token to a url")
        return self


def _is_web_address(url: str, *, plain: bool) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    here = host in ("localhost", "127.0.0.1", "::1")
    safe = parts.scheme == "https" or (parts.scheme == "http" and (here or plain))
    return safe and bool(host) and port != 0 and parts.username is None and not parts.fragment


class McpSettings(Section):
    """Tools of servers that speak the Model Context Protocol."""

    servers: dict[str, McpServer] = {}
    """By a name of ours, with which the names of their tools begin."""

    @field_validator("servers")
    @classmethod
    def _names(cls, servers: dict[str, McpServer]) -> dict[str, McpServer]:
        for name in servers:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,19}", name):
                raise ValueError(
                    f"found a server called {name[:40]!r}; allowed: a letter, then up to 19 letters, digits and _"
                )
        return servers


class PolicyRule(Section):
    """One rule: acts that fit all that it names are treated so."""

    do: Literal["allow", "confirm", "pin", "never"]
    """Carry out, ask first, ask for the PIN, or refuse."""

    device: Text | None = None
    """Entity id or name; * stands for anything."""

    area: Text | None = None
    """Room of the device."""

    domain: Text | None = None
    """Kind of the device: lock, light, …"""

    device_class: Text | None = None
    """Finer kind: garage, gate, …"""

    tool: Text | None = None
    """Tool that was called: HassTurnOn, …"""

    action: Literal["on", "off", "open", "close", "lock", "unlock", "set"] | None = None
    """What is done to the device."""

    hours: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")] | None = None
    """Only at this time of the day, as in 22:00-07:00."""

    limits: dict[str, tuple[float, float]] = {}
    """Least and most of a value: temperature, volume_level, brightness, position, percentage."""


class PolicySettings(Section):
    """What may be done by voice."""

    defaults: bool = True
    """Ask before unlocking, opening doors, garages, gates and gas or water valves, cutting off the main, heating ovens,
    ending alarms, and taking the power from freezers or the router."""

    rules: list[PolicyRule] = []
    """Rules beside the defaults; where several fit, the strictest counts."""

    pin: Secret | None = None
    """Digits that rules with `do: pin` ask for; where they are kept."""

    confirm_s: Annotated[float, Field(ge=5, le=300)] = 30
    """How long a question waits for its answer."""

    @field_validator("pin")
    @classmethod
    def _digits(cls, pin: Secret | None) -> Secret | None:
        if pin is not None and not (pin.get_secret_value().isdecimal() and 4 <= len(pin.get_secret_value()) <= 12):
            raise ValueError("a PIN is 4 to 12 digits; write nothing else into its file")
        return pin


class Settings(Section):
    """Everything that can be configured."""

    audio: AudioSettings = AudioSettings()
    speech: SpeechSettings = SpeechSettings()
    language_model: LanguageModelSettings = LanguageModelSettings()
    dialogue: DialogueSettings = DialogueSettings()
    home: HomeSettings = HomeSettings()
    mqtt: MqttSettings = MqttSettings()
    mcp: McpSettings = McpSettings()
    policy: PolicySettings = PolicySettings()

    state_dir: FilePath = Field(default_factory=default_state_dir)
    """Folder for what must survive a restart."""

    @property
    def simulated(self) -> Path | None:
        """The file of the simulated home; None where real devices are configured and none is named."""
        return self.home.file or (None if self.mqtt.host or self.home.home_assistant else config_file("home.yaml"))

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity that is logged."""


def load(path: Path | None = None) -> Settings:
    """Read the settings from `path`, else from the file that $APPLIANCE_CONFIG names, else from the packaged defaults.

    Variables such as APPLIANCE__SPEECH__END_SILENCE_MS override single keys; an empty one gives a key its default.

    Raises:
        YamlError: the file cannot be read as YAML.
        SettingsError: settings are wrong; the message has all of them.
    """
    document = read(path or Path(os.environ.get(FILE_VARIABLE) or config_file("appliance.yaml")))
    data = document.data if document.data is not None else {}
    variables: dict[Place, str] = {}
    faults = []
    for name in sorted(os.environ):
        if name.startswith(OVERRIDE_PREFIX) and isinstance(data, dict):
            place = tuple(name.removeprefix(OVERRIDE_PREFIX).lower().split("__"))
            variables[place] = name
            if not _override(data, place, os.environ[name]):
                faults.append(f"{name} (environment): {'.'.join(place)}: a key above it has a value and is no section.")
    folder = Path(os.path.abspath(document.path)).parent
    try:
        settings = Settings.model_validate(data, context={"folder": folder})
    except ValidationError as error:
        faults += explain(error, Settings, lambda place: _origin(place, document, variables))
        raise SettingsError("\n".join(faults)) from error
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def _override(data: dict[str, Any], place: Place, text: str) -> bool:
    """Set one key, making the sections above it; False where a value that is not a section stands in the way."""
    for key in place[:-1]:
        if data.get(str(key)) is None:
            data[str(key)] = {}
        data = data[str(key)]
        if not isinstance(data, dict):
            return False
    data[str(place[-1])] = FromEnvironment(text) if text else None
    return True


def _origin(place: Place, document: Document, variables: dict[Place, str]) -> str:
    """The variable that gave the value at `place` or a section around it, else the line of the file."""
    for given, name in variables.items():
        if place[: len(given)] == given or (place not in document.lines and given[: len(place)] == place != ()):
            return f"{name} (environment)"
    return document.where(place)
