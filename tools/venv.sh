# SPDX-License-Identifier: Apache-2.0
# Sourced by tools/demo and tools/test: makes .venv in the checkout and installs the pinned packages, only where that is needed.
# A folder is never half trusted: a stamp with the hash of what was asked for is written last, so an interrupted run goes on.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv="$root/.venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf '%s\n' "$*" >&2; }

# The first Python that fits. A name may exist and not run (pyenv's shims), so each is tried.
find_python() {
    local name
    for name in "${PYTHON:-python3}" python3.12 python3.11 python3.10; do
        if "$name" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
            if ! "$name" -c 'import ensurepip, venv' 2>/dev/null; then
                say "$name lacks the module venv. Install it: sudo apt install ${name##*/}-venv"
                return 1
            fi
            printf '%s' "$name"
            return
        fi
    done
    say "Python 3.10, 3.11 or 3.12 is needed, and none was found. Install one (sudo apt install python3 python3-venv),"
    say "or name one: PYTHON=/path/to/python3.12 $0"
    return 1
}

# watched WORDS COMMAND...: runs a command and says every two seconds that it still runs; shows its output only if it fails.
watched() {
    local words=$1 log fifths=0 pid line
    shift
    log=$(mktemp)
    "$@" >"$log" 2>&1 &
    pid=$!
    trap 'kill "$pid" 2>/dev/null; rm -f "$log"; exit 130' INT TERM
    say "$words ..."
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        fifths=$((fifths + 1))
        if ((fifths % 10 == 0)); then
            line=$(tail -n 1 "$log" | cut -c 1-90)
            say "$words: $((fifths / 5)) s ${line:+(${line#"${line%%[! ]*}"})}"
        fi
    done
    trap - INT TERM
    if ! wait "$pid"; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# with_progress WORDS COMMAND...: on a terminal the command shows its own progress, elsewhere it is watched.
with_progress() {
    if [ -t 2 ]; then
        say "$1 ..."
        "${@:2}" >&2
    else
        watched "$@"
    fi
}

# prepare NAME: .venv holds the packages of requirements/NAME.txt and the appliance itself, editable.
prepare() {
    local name=$1 stamp="$venv/$1.stamp" wanted python
    # The path counts too: a checkout that was moved needs its scripts written anew.
    wanted=$({ printf '%s\n' "$root" && cat "$root"/requirements/{run,"$name"}.txt "$root/pyproject.toml"; } | sha256sum)
    if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        python=$(find_python) || return 1
        watched "Making .venv with $("$python" --version)" "$python" -m venv --clear "$venv" || return 1
    fi
    with_progress "Installing the packages of requirements/$name.txt" \
        "$venv/bin/python" -m pip install --use-pep517 -r "$root/requirements/$name.txt" &&
        with_progress "Installing the appliance" "$venv/bin/python" -m pip install --no-deps -e "$root" || {
        say "The packages could not be installed. Is this machine online? Run $0 again: it goes on where it stopped."
        return 1
    }
    printf '%s\n' "$wanted" >"$stamp.new" && mv "$stamp.new" "$stamp"
}
