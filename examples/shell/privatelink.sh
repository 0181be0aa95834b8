# The program under test: it gives an add-on a privatelink and waits for it, whatever happens on the way.

PAUSE=60 # seconds
PATIENCE=1800
NEWLINE='
'

# connect ADDON ACCOUNT: the service name of the add-on's privatelink, once it is operational.
# HEROKU_API_URL is where the Data API is; Heroku's own is https://api.data.heroku.com.
connect() {
    waited=0
    while [ $waited -le $PATIENCE ]; do
        link=$(look "$1" "$2") || return
        if [ "$(printf '%s' "$link" | jq -r .status)" = Operational ]; then
            printf '%s' "$link" | jq -r .service_name
            return
        fi
        sleep $PAUSE
        waited=$((waited + PAUSE))
    done
    echo "The privatelink of $1 is not operational after $((PATIENCE / 60)) minutes." >&2
    return 1
}

# The link, made if it is not there; nothing if that can't be told now. It looks before it makes one: an answer that was
# lost may have been that of a request that was carried out.
look() {
    answer=$(ask GET "$1")
    if [ "${answer##*"$NEWLINE"}" = 404 ]; then
        answer=$(ask POST "$1" --data "{\"allowed_accounts\": [\"$2\"]}")
    fi
    case ${answer##*"$NEWLINE"} in
        2??) printf '%s' "${answer%"$NEWLINE"*}" ;;
        000 | 429 | 503) ;;
        *)
            echo "$answer" >&2
            return 1
            ;;
    esac
}

# The answer, and its status on a line of its own: 000 if there was no answer.
ask() {
    method=$1 addon=$2
    shift 2
    curl -s -w '\n%{http_code}' -X "$method" "$HEROKU_API_URL/private-link/v0/databases/$addon" \
        -H "Authorization: Bearer $HEROKU_API_KEY" -H "Content-Type: application/json" "$@" || :
}
