# SPDX-License-Identifier: Apache-2.0
"""Passwords: read from where they are kept, refused where others could read them, and never shown."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from appliance.explain import explain
from appliance.secret import Secret
from appliance.settings import Section
from appliance.yaml_file import read

PASSWORD = "correct horse battery staple"


class Broker(Section):
    """A section that has a password, as one of a later driver will."""

    password: Secret


def load(tmp_path: Path, text: str) -> Broker:
    path = tmp_path / "broker.yaml"
    path.write_text(text, encoding="utf-8")
    return Broker.model_validate(read(path).data, context={"folder": tmp_path})


def fault(tmp_path: Path, text: str) -> str:
    """The message of a wrong file; the password is neither in it nor in the traceback that a defect would print."""
    with pytest.raises(ValidationError) as error:
        load(tmp_path, text)
    assert PASSWORD not in "".join(traceback.format_exception(error.value))
    (line,) = explain(error.value, Broker, read(tmp_path / "broker.yaml").where)
    assert PASSWORD not in line
    return line.removeprefix(f"{tmp_path / 'broker.yaml'}:")


def keep(path: Path, mode: int = 0o600, text: str = PASSWORD + "\n") -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def test_a_secret_is_read_from_a_private_file_beside_the_settings(tmp_path: Path) -> None:
    keep(tmp_path / "password")
    assert load(tmp_path, "password: {file: password}\n").password.get_secret_value() == PASSWORD


def test_a_secret_is_read_from_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_PASSWORD", PASSWORD)
    assert load(tmp_path, "password: {env: BROKER_PASSWORD}\n").password.get_secret_value() == PASSWORD


def test_a_secret_shows_nowhere(tmp_path: Path) -> None:
    keep(tmp_path / "password")
    broker = load(tmp_path, "password: {file: password}\n")
    shown = [
        repr(broker),
        str(broker),
        str(broker.model_dump()),
        broker.model_dump_json(),
        str(broker.model_dump(mode="json")),
    ]
    assert not any(PASSWORD in text for text in shown)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    keep(tmp_path / "password", mode)
    message = fault(tmp_path, "\npassword: {file: password}\n")
    assert message == (
        f"2: password: {tmp_path / 'password'} may be read by others (mode {mode:04o}); "
        f"make it private: chmod 600 {tmp_path / 'password'}."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"password: {PASSWORD}\n", "1: password: a secret is not written here; allowed: {file: PATH} or {env: NAME}"),
        (f"password: ['{PASSWORD}']\n", "1: password: a secret is not written here"),
        (f"password: {{value: {PASSWORD}}}\n", "1: password: a secret is kept in a file or in a variable"),
        ("password: {file: a, env: B}\n", "1: password: a secret is not written here"),
        ("password: {file: nowhere}\n", "1: password: cannot read the secret's file"),
        ("password: {file: .}\n", "1: password: "),
        ("password: {env: NO_SUCH_VARIABLE}\n", "1: password: the environment variable NO_SUCH_VARIABLE is not set"),
        (
            f"pasword: {PASSWORD}\npassword: {{env: HOME}}\n",
            "1: pasword: this key is not known. Did you mean password?",
        ),
        ("{}\n", "1: password: this key is missing"),
    ],
)
def test_a_wrong_secret_is_told_without_showing_it(tmp_path: Path, text: str, message: str) -> None:
    assert fault(tmp_path, text).startswith(message)


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_file_is_no_secret(tmp_path: Path, content: str) -> None:
    keep(tmp_path / "password", text=content)
    assert "is empty; put the secret into it" in fault(tmp_path, "password: {file: password}\n")


def test_a_file_that_is_not_text_is_refused_without_quoting_it(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b"\xff" + PASSWORD.encode())
    (tmp_path / "password").chmod(0o600)
    assert "is not UTF-8 text" in fault(tmp_path, "password: {file: password}\n")
