#!/bin/sh
# ./run.sh [arguments]        serve (arguments go to main.py)
# ./run.sh test [arguments]   run the tests (arguments go to pytest)
# ./run.sh setup              install what the tests and checks need, and stop
#
# Needs Python 3.11 or newer; PYTHON names one, else the newest on the PATH makes .venv.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")"

fail() {
    printf 'run.sh: %s\n' "$1" >&2
    exit 1
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' </dev/null >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_recent "$PYTHON" || fail "PYTHON=$PYTHON is not a Python 3.11 or newer"
        printf '%s\n' "$PYTHON"
        return
    fi
    for candidate in python3.14 python3.13 python3.12 python3.11 python3 python; do
        if is_recent "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or newer found; install one, or set PYTHON to its path"
}

make_venv() {
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python can't make a virtual environment; on Debian or Ubuntu: apt install python3-venv"
    "$python" -m venv --clear .venv
}

has_usable_venv() {
    is_recent .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1
}

# A copy of the file, kept in .venv, says that its installation ran to the end.
install() {
    receipt=".venv/installed-$1"
    [ -x .venv/bin/python ] && cmp -s "$1" "$receipt" && return
    has_usable_venv || make_venv
    printf 'run.sh: installing %s\n' "$1" >&2
    rm -f "$receipt"
    .venv/bin/python -m pip install -qq --no-input --disable-pip-version-check -r "$1" ||
        fail "$1 could not be installed; pip's reason stands above"
    cp "$1" "$receipt"
}

# It says by itself what it can't fetch, and keeps to itself where all is there.
fetch_assets() {
    .venv/bin/python scripts/fetch_assets.py "$@"
}

install requirements.txt
case "${1:-}" in
    test)
        shift
        install requirements-dev.txt
        fetch_assets --dev || printf 'run.sh: tests that need these files are skipped\n' >&2
        # Seconds for one test: a wait that never ends fails by name. A few at once: each
        # has servers and database connections of its own.
        exec .venv/bin/python -m pytest --timeout=120 -n 3 --dist worksteal "$@"
        ;;
    setup)
        install requirements-dev.txt
        fetch_assets --dev || fail "the pages' libraries could not be fetched; see above"
        ;;
    *)
        # The API is served without them too.
        fetch_assets || true
        exec .venv/bin/python main.py "$@"
        ;;
esac
