# SPDX-License-Identifier: Apache-2.0
# Sourced by tools/test, after venv.sh: an environment with a real Home Assistant, for the tests against it.

# prepare_home_assistant PYTHON: makes it where it is missing or old, and names it in HOME_ASSISTANT_VENV.
prepare_home_assistant() {
    local base=$1 version home list="$root/requirements/home-assistant.txt" parts="$root/tools/home_assistant_parts.py" wanted
    version=$("$base" -c 'import platform; print(platform.python_version())') || {
        say "$base does not run. HOME_ASSISTANT_PYTHON must name a Python."
        return 1
    }
    home="$root/build/home-assistant/python-$version"
    # As in prepare: the path counts too, and the stamp is written last.
    wanted=$({ printf '%s\n' "$home" && cat "$list" "$parts"; } | sha256sum)
    export HOME_ASSISTANT_VENV=$home
    if [ -x "$home/bin/hass" ] && [ "$(cat "$home/made.stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    if ! "$home/bin/python" -m pip --version >/dev/null 2>&1; then
        mkdir -p "${home%/*}"
        watched "Making build/home-assistant with Python $version" "$base" -m venv --clear "$home" || return 1
    fi
    local constraints pip=("$home/bin/python" -m pip install)
    with_progress "Installing Home Assistant (some minutes, once)" "${pip[@]}" -r "$list" || {
        say "Home Assistant could not be installed. Is this machine online? Run tools/test again: it goes on where it stopped."
        return 1
    }
    if [ ! -x "$home/bin/hass" ]; then
        say "No Home Assistant runs on Python $version. requirements/home-assistant.txt has those that fit; name another Python:"
        say "HOME_ASSISTANT_PYTHON=/path/to/python3.12 tools/test --with-home-assistant"
        return 1
    fi
    constraints=$("$home/bin/python" -c 'import homeassistant, pathlib
print(pathlib.Path(homeassistant.__file__).with_name("package_constraints.txt"))')
    "$home/bin/python" "$parts" >"$home/parts.txt"
    with_progress "Installing what its parts need" "${pip[@]}" -r "$list" -r "$home/parts.txt" -c "$constraints" || {
        say "What Home Assistant's parts need could not be installed; what pip says stands above."
        return 1
    }
    printf '%s\n' "$wanted" >"$home/made.stamp.new" && mv "$home/made.stamp.new" "$home/made.stamp"
}
