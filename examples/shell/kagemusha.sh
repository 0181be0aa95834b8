# Sandboxes of kagemusha for tests in plain sh, with curl and jq: copy it, and source it.

KAGEMUSHA_URL=${KAGEMUSHA_URL:-http://127.0.0.1:8765}
SANDBOXES=

# sandbox [ASKED]: a world of its own, on a clock that moves only when told. ASKED is what POST /_sim/sandboxes takes.
# $SANDBOX is its name; HEROKU_API_URL, HEROKU_API_KEY, AWS_ENDPOINT_URL … point every client at it.
sandbox() {
    asked=$(jq -cn --argjson asked "${1:-null}" '{clock: "manual", seed: 7, now: "2030-01-01T00:00:00Z"} + $asked')
    made=$(_sim POST "" "$asked") || return
    SANDBOX=$(printf '%s' "$made" | jq -r .name)
    SANDBOXES="$SANDBOXES $SANDBOX"
    eval "$(printf '%s' "$made" | jq -r '.env | to_entries[] | "export \(.key)=\(.value | @sh)"')"
}

# Takes all sandboxes away that were made.
delete_sandboxes() {
    for each in $SANDBOXES; do _sim DELETE "/$each"; done
}

# sim METHOD PATH [BODY]: what the control API answers about the sandbox: sim GET /pending.
sim() { _sim "$1" "/$SANDBOX$2" "${3-}"; }

# advance SECONDS: everything due has happened when it returns.
advance() { sim POST /clock/advance "{\"seconds\": $1}" >/dev/null; }

# Moves time until nothing is to come that isn't held.
until_idle() { sim POST /clock/advance '{"until": "idle"}' >/dev/null; }

# fault ORDER: orders trouble; prints the fault's id.
fault() { sim POST /faults "$1" | jq .id; }

# journal KIND: what happened, an entry a line, oldest first; of requests, faults or transitions.
journal() { sim GET "/journal?kind=$1&limit=1000" | jq -c '.entries[]'; }

# heroku_api METHOD PATH [BODY]: a request of a client of Heroku's that must succeed.
heroku_api() {
    set -- "$1" "$HEROKU_API_URL$2" "${3-}"
    _curl "$@" -H "Accept: application/vnd.heroku+json; version=3" -H "Authorization: Bearer $HEROKU_API_KEY"
}

_sim() {
    set -- "$1" "$KAGEMUSHA_URL/_sim/sandboxes$2" "${3-}"
    _curl "$@" -H "Authorization: Bearer ${KAGEMUSHA_ADMIN_TOKEN-}" && return
    status=$?
    if [ $status = 7 ]; then
        echo "No kagemusha answers at $KAGEMUSHA_URL: start \"kagemusha serve --ephemeral\", or set KAGEMUSHA_URL." >&2
    fi
    return $status
}

# METHOD URL BODY [OPTION…]
_curl() {
    method=$1 url=$2 body=$3
    shift 3
    if [ "$body" ]; then set -- "$@" -H "Content-Type: application/json" --data "$body"; fi
    curl -sS --fail-with-body -X "$method" "$url" "$@"
}
