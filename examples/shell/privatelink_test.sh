#!/bin/sh
# Prints TAP; fails if a test does.

cd "$(dirname "$0")" || exit
. ./kagemusha.sh
. ./privatelink.sh

ACCOUNT=123456789101
WORLD='{"scenario": {
  "version": 1,
  "spaces": [{"name": "harbor"}],
  "apps": [{"name": "ferry", "space": "harbor"}],
  "addons": [{"app": "ferry", "plan": "heroku-redis:private-7", "name": "redis-ferry"}]
}}'

# Where the program would sleep, the sandbox's clock moves.
sleep() { advance "$1"; }

# equal FOUND WANTED
equal() {
    [ "$1" = "$2" ] && return
    echo "found $1, wanted $2" >&2
    return 1
}

# matches FOUND PATTERN: an extended regular expression.
matches() {
    printf '%s\n' "$1" | grep -Eq "$2" && return
    echo "found $1, wanted $2" >&2
    return 1
}

# requests OPERATION: the status of each in the journal, with the fault that it met, in one line.
requests() {
    journal request | jq -sc --arg operation "$1" 'map(select(.operation == $operation) | [.status, .fault])'
}

the_article_ends_with_the_config_var() {
    sandbox
    heroku_api POST /spaces '{"name": "harbor", "team": "kagemusha"}'
    until_idle
    heroku_api POST /teams/apps '{"name": "ferry", "space": "harbor"}'
    heroku_api POST /apps/ferry/addons '{"plan": "heroku-redis:private-7", "name": "redis-ferry"}'
    until_idle

    service=$(connect redis-ferry $ACCOUNT)
    matches "$service" '^com\.amazonaws\.vpce\.us-east-1\.vpce-svc-[0-9a-f]{17}$'

    body="{\"service_name\": \"$service\", \"principal_arn\": \"arn:aws:iam::$ACCOUNT:user/abc.xyz\"}"
    endpoint=$(sim POST /endpoints "$body" | jq -r .endpoint_id)
    until_idle
    variable=REDIS_ENDPOINT_$(echo "${endpoint#vpce-}" | tr a-f A-F)_URL
    config=$(heroku_api GET /apps/ferry/config-vars)
    equal "$(echo "$config" | jq -c keys)" "[\"$variable\",\"REDIS_URL\"]"
    url=$(echo "$config" | jq -r ".$variable")
    matches "$url" '^redis://h:p[0-9a-f]{64}@vpce-.*\.vpce\.amazonaws\.com:6379$'
}

a_held_link_is_given_up_and_comes_later() {
    sandbox "$WORLD"
    fault=$(fault '{"stage": "privatelink.provisioning", "effect": {"hold": true}}')
    said=$(connect redis-ferry $ACCOUNT 2>&1) && return 1
    matches "$said" 'not operational after 30 minutes'
    equal "$(sim GET /pending | jq '.pending[0].held')" true

    sim DELETE "/faults/$fault"
    service=$(connect redis-ferry $ACCOUNT)
    matches "$service" vpce-svc-
}

a_503_at_first_is_outlasted() {
    sandbox "$WORLD"
    fault=$(fault '{"operation": "privatelink.create", "effect": {"status": 503}, "times": 2}')
    connect redis-ferry $ACCOUNT

    equal "$(sim GET "/faults/$fault" | jq -c '[.hits, .remaining]')" "[2,0]"
    equal "$(requests privatelink.create)" "[[503,$fault],[503,$fault],[201,null]]"
}

a_rate_limit_is_waited_out() {
    sandbox "$WORLD"
    fault=$(fault '{"operation": "*", "effect": {"rate_limit": true}, "times": 1}')
    connect redis-ferry $ACCOUNT

    matches "$(requests privatelink.info)" "^\[\[429,$fault\],\[404,null\],"
    moments=$(journal request | jq -r 'select(.operation == "privatelink.info").at' | head -n 2 | tr '\n' ' ')
    equal "$moments" "2030-01-01T00:00:00.000Z 2030-01-01T00:01:00.000Z "
}

a_lost_answer_makes_no_second_link() {
    sandbox "$WORLD"
    fault=$(fault '{"operation": "privatelink.create", "effect": {"disconnect": "after"}, "times": 1}')
    connect redis-ferry $ACCOUNT

    equal "$(requests privatelink.create)" "[[null,$fault]]"
    equal "$(journal fault | jq -c .effect)" '{"disconnect":"after"}'
}

a_sandbox_is_a_world_of_its_own() {
    sandbox "$WORLD"
    equal "$(heroku_api GET /apps | jq -c 'map(.name)')" '["ferry"]'
    sandbox
    equal "$(heroku_api GET /apps)" '[]'
}

number=0
failures=0
for test in the_article_ends_with_the_config_var a_held_link_is_given_up_and_comes_later a_503_at_first_is_outlasted \
    a_rate_limit_is_waited_out a_lost_answer_makes_no_second_link a_sandbox_is_a_world_of_its_own; do
    number=$((number + 1))
    said=$(set -e; trap delete_sandboxes EXIT; "$test" 2>&1)
    if [ $? = 0 ]; then
        echo "ok $number - $test"
    else
        echo "not ok $number - $test"
        printf '%s\n' "$said" | sed 's/^/# /'
        failures=$((failures + 1))
    fi
done
echo "1..$number"
exit $failures
