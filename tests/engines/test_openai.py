# SPDX-License-Identifier: Apache-2.0
"""The OpenAI runtime: against llama.cpp's own server with the home model, and against a server that breaks to order."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from appliance.models import HOME_MODEL
from engines.errors import EngineError
from engines.generate import Cancelled, Sampling
from engines.nemotron_h.chat import ChatEvent, MalformedCall, ReasoningDelta, TextDelta, ToolCallRequest
from engines.runtimes.openai import OpenAIServer, wire_messages

SYSTEM = {"role": "system", "content": " you run a home by voice.\n area: kitchen; light: kitchen light;"}
TURN = [SYSTEM, {"role": "user", "content": " turn on the kitchen light"}]
TOOL = {
    "name": "HassTurnOn",
    "description": "Turn on a device",
    "parameters": {"type": "object", "properties": {key: {"type": "string"} for key in ("name", "area", "domain")}},
}
# llama.cpp's server, as its package xllamacpp starts it: it prints where it listens, and ends with its input.
LLAMA_SERVER = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel, params.fit_params = sys.argv[1], 2048, 1, False
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.api_keys, params.use_jinja = ["sesame"], True
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def library() -> Any:
    return pytest.importorskip("openai", reason="pip install openai")


@pytest.fixture(scope="module")
def real_url(library: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("xllamacpp", reason="pip install xllamacpp==2026.10.11549, which carries llama.cpp's server")
    gguf = pytest.importorskip("tools.nemotron_gguf", reason="pip install gguf", exc_type=ImportError)
    template = (HOME_MODEL / "chat_template.jinja").read_text().replace(r"'>\n' ~ value", r"'>\n ' ~ value")
    path = gguf.write_folder(HOME_MODEL, tmp_path_factory.mktemp("home") / "home.gguf", "F32", template)
    command = [sys.executable, "-c", LLAMA_SERVER, str(path)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdin and process.stdout
        yield process.stdout.readline().strip() + "/v1"
        process.stdin.close()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text("sesame\n")
    return tmp_path / "key"


@pytest.fixture
def real(real_url: str, key_file: Path) -> Iterator[OpenAIServer]:
    server = OpenAIServer(real_url, "home", key_file)
    yield server
    server.close()


def said(events: list[ChatEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_the_real_server_answers_in_pieces(real: OpenAIServer) -> None:
    real.warm([SYSTEM])
    events = list(real.chat([SYSTEM, {"role": "user", "content": " hello"}]))
    assert "hello" in said(events)
    assert len(events) > 1
    assert 0 < real.first_token_s < 30


def test_a_command_becomes_a_call_and_its_result_an_answer_on_the_real_server(real: OpenAIServer) -> None:
    (call,) = real.chat(TURN, [TOOL], reasoning=0)
    assert isinstance(call, ToolCallRequest)
    assert call.name == "HassTurnOn"
    assert call.arguments
    result = '{"success": true, "result": " kitchen light is on"}'
    asked = {"role": "assistant", "content": "", "tool_calls": [{"function": vars(call)}]}
    assert "kitchen light" in said(list(real.chat([*TURN, asked, {"role": "tool", "content": result}], [TOOL])))


def test_the_real_server_refuses_a_wrong_key_and_the_message_does_not_tell_it(real_url: str, key_file: Path) -> None:
    key_file.write_text("open-barley")
    server = OpenAIServer(real_url, "home", key_file)
    with pytest.raises(EngineError, match=r"refused the key \(401\); check .*key") as told:
        list(server.chat(TURN))
    assert "barley" not in str(told.value)
    with pytest.raises(EngineError, match="name a file that holds it"):
        list(OpenAIServer(real_url, "home").chat(TURN))


def test_the_real_server_tells_of_a_prompt_that_does_not_fit(real: OpenAIServer) -> None:
    with pytest.raises(EngineError, match=r"answered 400: .*context"):
        list(real.chat([{"role": "user", "content": " long" * 5000}]))
    assert list(real.chat(TURN, [TOOL]))


class Broken(BaseHTTPRequestHandler):
    """Answers each request by the next script, and remembers what was asked."""

    scripts: ClassVar[list[Callable[[Broken], None]]] = []
    asked: ClassVar[list[dict[str, Any]]] = []
    gone = threading.Event()
    """The client hung up amid an answer."""

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        try:
            self.scripts.pop(0)(self)
        except OSError:
            self.gone.set()

    def log_message(self, *_: object) -> None:
        pass

    def reply(self, status: int, body: object, **headers: str) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        for key, value in {"content-type": "application/json", "content-length": str(len(sent)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(sent)

    def stream(self, *datas: object) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()  # HTTP/1.0: the end of the connection is the end of the body
        for data in datas:
            self.wfile.write(f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode())
            self.wfile.flush()


def delta(finish: str | None = None, **fields: object) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def part(index: int, arguments: str, name: str | None = None) -> dict[str, Any]:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return delta(tool_calls=[{"index": index, "id": f"x{index}", "type": "function", "function": function}])


def good(handler: Broken) -> None:
    handler.stream(delta(role="assistant", content="fine"), delta("stop"), "[DONE]")


@pytest.fixture
def broken(library: Any) -> Iterator[Callable[..., OpenAIServer]]:
    """A runtime whose server answers by the given scripts, and well from then on."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    Broken.asked.clear()
    Broken.gone.clear()

    def make(*scripts: Callable[[Broken], None], timeout_s: float = 5.0) -> OpenAIServer:
        Broken.scripts[:] = [*scripts, good]
        return OpenAIServer(f"http://127.0.0.1:{server.server_port}/v1", "nano", timeout_s=timeout_s)

    yield make
    server.shutdown()
    server.server_close()


def cut_in_a_piece(handler: Broken) -> None:
    handler.send_response(200)
    handler.send_header("content-type", "text/event-stream")
    handler.send_header("content-length", "5000")
    handler.end_headers()
    handler.wfile.write(b'data: {"choices": [{"index": 0, "delta": {"content": "he')


FAULTS: dict[str, tuple[Callable[[Broken], None], str]] = {
    "500": (lambda h: h.reply(500, {"error": {"message": "out of memory"}}), "answered 500: .*out of memory"),
    "503": (lambda h: h.reply(503, {"error": {"message": "loading"}}), "answered 503: .*loading"),
    "model": (lambda h: h.reply(404, {"error": {"message": "no such model"}}), "no model 'nano'.*GET /models"),
    "redirect": (lambda h: h.reply(307, {}, location="http://192.0.2.1/v1/chat/completions"), "answered 307"),
    "json": (lambda h: h.reply(200, {"detail": "not a stream"}), "cut its answer off"),
    "hang-up": (lambda h: h.connection.shutdown(socket.SHUT_RDWR), "cannot be reached, or broke off"),
    "cut": (lambda h: h.stream(delta(content="hel")), "cut its answer off; nothing was called"),
    "cut call": (lambda h: h.stream(part(0, '{"name": "lamp"}', "HassTurnOn")), "cut its answer off"),
    "cut piece": (cut_in_a_piece, "cannot be reached, or broke off"),
    "garbage": (lambda h: h.stream("{garbage", delta("stop")), "no stream of chat completions"),
    "list": (lambda h: h.stream("[1, 2]", delta("stop")), "no stream of chat completions"),
    "choices": (lambda h: h.stream({"choices": [3]}, delta("stop")), "no stream of chat completions"),
    "calls": (lambda h: h.stream(delta(tool_calls=["x"]), delta("stop")), "no stream of chat completions"),
    "error": (lambda h: h.stream(delta(content="a"), {"error": {"message": "boom"}}), "failed amid .*boom"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_asked_once_and_the_next_turn_works(broken: Callable[..., OpenAIServer], fault: str) -> None:
    script, message = FAULTS[fault]
    server = broken(script)
    events: list[ChatEvent] = []
    with pytest.raises(EngineError, match=message):
        events.extend(server.chat(TURN, [TOOL]))
    assert not any(isinstance(event, ToolCallRequest) for event in events)
    assert len(Broken.asked) == 1
    assert list(server.chat(TURN)) == [TextDelta("fine")]


@pytest.mark.parametrize("first", [(), (delta(content="wait"),)])
def test_silence_is_told_after_the_timeout(broken: Callable[..., OpenAIServer], first: tuple[object, ...]) -> None:
    over = threading.Event()
    server = broken(lambda h: (first and h.stream(*first), over.wait(10)), timeout_s=0.3)
    began = time.monotonic()
    with pytest.raises(EngineError, match=r"said nothing for 0\.3 s"):
        list(server.chat(TURN))
    assert time.monotonic() - began < 5
    over.set()
    assert list(server.chat(TURN)) == [TextDelta("fine")]


def test_a_server_that_is_not_there_is_told(library: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(EngineError, match=f"{url} cannot be reached.*Is it running"):
            list(OpenAIServer(url, "nano").chat(TURN))


@pytest.mark.parametrize("give_up", [False, True])
def test_a_turn_that_is_cancelled_or_given_up_hangs_up(broken: Callable[..., OpenAIServer], give_up: bool) -> None:
    def endless(handler: Broken) -> None:
        handler.stream()
        while True:
            handler.wfile.write(f"data: {json.dumps(delta(content='on and '))}\n\n".encode())

    stream = broken(endless).chat(TURN, cancelled=lambda: not give_up and len(got) >= 3)
    got: list[ChatEvent] = []
    if give_up:
        got.append(next(stream))
        stream.close()  # type: ignore[attr-defined]
    else:
        with pytest.raises(Cancelled):
            for event in stream:
                got.append(event)
    assert Broken.gone.wait(5)


def test_calls_are_put_together_by_their_index(broken: Callable[..., OpenAIServer]) -> None:
    parts = [
        part(0, "", "first"),
        part(1, '{"b"', "second"),
        part(0, '{"a": [1, "é"]}'),
        part(1, ": 2}"),
        part(2, "", "third"),
    ]
    server = broken(lambda h: h.stream(*parts, delta("tool_calls"), "[DONE]"))
    assert list(server.chat(TURN, [TOOL])) == [
        ToolCallRequest("first", {"a": [1, "é"]}),
        ToolCallRequest("second", {"b": 2}),
        ToolCallRequest("third", {}),
    ]


@pytest.mark.parametrize("arguments", ["", '{"name": "kitch', "[1]", '"lamp"', "3", "null", "[" * 9999])
def test_a_call_whose_arguments_are_cut_or_no_object_is_malformed(
    broken: Callable[..., OpenAIServer], arguments: str
) -> None:
    server = broken(lambda h: h.stream(part(0, arguments, "HassTurnOn"), delta("length"), "[DONE]"))
    assert list(server.chat(TURN, [TOOL])) == [MalformedCall(f"HassTurnOn {arguments}".strip())]


@pytest.mark.parametrize("word", ["reasoning_content", "reasoning"])
def test_reasoning_is_kept_apart(broken: Callable[..., OpenAIServer], word: str) -> None:
    server = broken(lambda h: h.stream(delta(**{word: "hm"}), delta(content="yes"), delta("stop")))
    assert list(server.chat(TURN, reasoning=None)) == [ReasoningDelta("hm"), TextDelta("yes")]
    assert Broken.asked[0]["chat_template_kwargs"] == {"enable_thinking": True}


def test_what_is_asked_is_in_openais_form(broken: Callable[..., OpenAIServer]) -> None:
    list(broken().chat(TURN, [TOOL], Sampling(0.5, 0.9, 7, 40)))
    (asked,) = Broken.asked
    (tool,) = asked["tools"]
    assert tool["type"] == "function"
    assert tool["function"] == TOOL
    assert [asked[key] for key in ("model", "temperature", "top_p", "seed", "max_tokens", "stream")] == [
        "nano", 0.5, 0.9, 7, 40, True,
    ]  # fmt: skip
    assert asked["chat_template_kwargs"] == {"enable_thinking": False}


def test_calls_and_results_are_paired_on_the_wire() -> None:
    def call(name: str, **more: str) -> dict[str, Any]:
        return {"function": {"name": name, "arguments": {"name": "é"}}, **more}

    messages: list[dict[str, Any]] = [
        {"role": "assistant", "content": "", "tool_calls": [call("a"), call("b", id="own")]},
        {"role": "tool", "content": "1"},
        {"role": "tool", "content": "2"},
        {"role": "assistant", "content": "", "tool_calls": [call("c")]},
        {"role": "tool", "content": "3", "tool_call_id": "given"},
    ]
    sent = wire_messages(messages)
    assert [c["id"] for m in sent for c in m.get("tool_calls", [])] == ["call_1", "own", "call_3"]
    assert [m["tool_call_id"] for m in sent if m["role"] == "tool"] == ["call_1", "own", "given"]
    assert sent[0]["tool_calls"][0]["function"] == {"name": "a", "arguments": '{"name": "é"}'}
    assert "id" not in messages[0]["tool_calls"][0]


def test_a_result_without_a_call_is_told() -> None:
    with pytest.raises(EngineError, match="without a call before it"):
        wire_messages([{"role": "tool", "content": "1"}])


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x/v1", "http://", "http://x:99999/v1", "http://[::1/v1"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(EngineError, match="expected one like http://"):
        OpenAIServer(url, "nano")


def test_a_key_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(EngineError, match="a key comes from a file") as told:
        OpenAIServer("https://me:sesame@example.org/v1", "nano")
    assert "sesame" not in str(told.value)


@pytest.mark.parametrize("host", ["192.168.1.5", "example.org", "127.0.0.1.example.org", "0.0.0.0"])
def test_a_key_does_not_go_over_the_network_in_the_clear(host: str, key_file: Path) -> None:
    with pytest.raises(EngineError, match="unencrypted over the network: use https"):
        OpenAIServer(f"http://{host}/v1", "nano", key_file)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.9/v1", "http://localhost:1/v1", "http://[::1]/v1", "https://10.0.0.1/v1"]
)
def test_a_key_goes_to_this_machine_or_encrypted(library: Any, url: str, key_file: Path) -> None:
    OpenAIServer(url, "nano", key_file).close()


@pytest.mark.parametrize("held", [b"", b"\n", b"two words", b"two\nlines", b"caf\xc3\xa9", b"\xff\xfe"])
def test_a_key_file_that_holds_no_key_is_told_without_its_text(held: bytes, key_file: Path) -> None:
    key_file.write_bytes(held)
    with pytest.raises(EngineError, match="key") as told:
        OpenAIServer("http://127.0.0.1/v1", "nano", key_file)
    assert "two" not in str(told.value)
    assert "caf" not in str(told.value)


def test_a_key_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no does not exist; .* API key"):
        OpenAIServer("http://127.0.0.1/v1", "nano", tmp_path / "no")


def test_a_missing_package_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(EngineError, match="pip install 'openai"):
        OpenAIServer("http://127.0.0.1/v1", "nano")
