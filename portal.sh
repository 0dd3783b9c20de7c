#!/bin/sh
# Foyer in one command: ./portal.sh run | demo | owner-link | verify | test
set -eu

asked=${1:-help}
[ $# -eq 0 ] || shift
from=$(pwd)
cd -- "$(dirname -- "$0")"
here=$(pwd)
python=$here/.venv/bin/python

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

usage() {
    cat <<END
Foyer, the patient portal that a clinic hosts itself.

  ./portal.sh run          start the portal of a real clinic; the first start prints the owner's one-time link
  ./portal.sh demo         start a demo clinic in ./var/demo, with people, visits and paperwork to try
  ./portal.sh owner-link   print a one-time link for an owner who forgot the password; with several, add an address
  ./portal.sh verify FILE  say whether a PDF is what this clinic sealed: 0 it is, 1 it is not, 2 it cannot be read
  ./portal.sh test [...]   check the code and run all tests; what follows goes to pytest

Settings come from the environment: PORT=9000 ./portal.sh run. The README lists them.
END
}

# --- the environment: made once, renewed when the locked list of packages changes ---------------

newest_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "Foyer needs Python 3.11 or newer; this machine has $(python3 --version 2>/dev/null || echo none)."
}

make_environment() {
    [ -x "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    base=$(newest_python)
    echo "Making the environment in .venv ..."
    rm -rf .venv
    if command -v uv >/dev/null 2>&1; then
        uv venv -q --python "$base" .venv
    elif "$base" -c 'import ensurepip' 2>/dev/null; then
        "$base" -m venv .venv
    else
        fail "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv"
    fi
}

digest_of() {
    cat -- "$@" | "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
}

install_locked() { # install_locked STAMP FILE...
    stamp=.venv/$1
    shift
    wanted=$(digest_of "$@")
    [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ] && return
    echo "Installing the locked packages ($*) ..."
    lists=
    for list in "$@"; do lists="$lists -r $list"; done
    # shellcheck disable=SC2086
    if command -v uv >/dev/null 2>&1; then
        uv pip install -q --python "$python" --require-hashes $lists
    else
        "$python" -m pip --version >/dev/null 2>&1 || "$python" -m ensurepip >/dev/null
        "$python" -m pip install -q --disable-pip-version-check --require-hashes $lists
    fi
    echo "$wanted" >"$stamp"
}

flask() {
    "$python" -m flask --app portal:wsgi "$@"
}

build_assets() {
    wanted=$(digest_of portal.py static/css/*.css static/js/*.js static/vendor/*.js)
    [ "$(cat static/gen/stamp 2>/dev/null || true)" = "$wanted" ] && return
    rm -rf static/gen
    flask assets build >/dev/null 2>&1 || flask assets build
    "$python" -m whitenoise.compress -q static
    echo "$wanted" >static/gen/stamp
}

# Two starts at once must not install or build into each other.
one_at_a_time() {
    command -v flock >/dev/null 2>&1 || return 0
    exec 9<portal.sh
    flock 9
}

prepare() {
    one_at_a_time
    make_environment
    install_locked stamp requirements.txt
}

serve() {
    exec 9<&-
    exec "$python" -m gunicorn -c gunicorn.conf.py
}

# --- what can be asked for -----------------------------------------------------------------------

run() {
    [ ! -f "${DATA_DIR:-$here/var}/demo" ] || fail \
        "${DATA_DIR:-$here/var} is the folder of a demo, whose letters anybody can read. Start it with ./portal.sh demo."
    prepare
    build_assets
    flask migrate
    flask first-link
    echo "The portal opens at ${BASE_URL:-http://localhost:${PORT:-8000}}"
    serve
}

owner_link() {
    prepare
    exec 9<&-
    flask migrate
    flask owner-link "$@"
}

verify() {
    [ $# -eq 1 ] || { usage >&2 && exit 2; }
    case $1 in
        /*) file=$1 ;;
        *) file=$from/$1 ;;
    esac
    prepare >&2
    exec 9<&-
    flask verify -- "$file"
}

demo() {
    DATA_DIR=${DATA_DIR:-$here/var/demo}
    export DATA_DIR
    (umask 077 && mkdir -p -- "$DATA_DIR")
    if [ ! -f "$DATA_DIR/demo" ]; then
        [ -z "$(ls -A -- "$DATA_DIR")" ] || fail \
            "$DATA_DIR holds something else than a demo clinic, and Foyer never turns a real clinic into a demo." \
            "Choose another folder: DATA_DIR=/some/empty/folder ./portal.sh demo"
        echo "This folder holds a demo clinic: its codes and letters can be read by anybody at /demo/mailbox." >"$DATA_DIR/demo"
    fi
    prepare
    build_assets
    flask migrate
    flask demo
    cat <<END

The demo clinic opens at ${BASE_URL:-http://localhost:${PORT:-8000}}

  Patients sign in with a code, which you read at /demo/mailbox (linked from the sign-in page):
    ava@example.com        has visits behind and ahead of her
    ben@example.com        is new
  Staff sign in at /staff with the password demo-clinic:
    owner@example.com      desk@example.com      provider@example.com

END
    serve
}

check() {
    prepare
    install_locked stamp-dev requirements.txt requirements-dev.txt
    # The tests make their own data folder and build the assets that are missing.
    scratch=$(mktemp -d)
    DATA_DIR=$scratch build_assets
    rm -rf -- "$scratch"
    exec 9<&-
    "$python" -m ruff check -q .
    "$python" -m ruff format -q --check .
    "$python" -m djlint --quiet --lint partials
    exec "$python" -m pytest "$@"
}

case $asked in
    run) run ;;
    demo) demo ;;
    owner-link) owner_link "$@" ;;
    verify) verify "$@" ;;
    test) check "$@" ;;
    help | -h | --help) usage ;;
    *) usage >&2 && exit 2 ;;
esac
