package privatelink_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/privatelink"
	"example.com/privatelink/kagemusha"
)

type JSON = kagemusha.JSON

const account = "123456789101"

var world = JSON{"scenario": JSON{
	"version": 1,
	"spaces":  []JSON{{"name": "harbor"}},
	"apps":    []JSON{{"name": "ferry", "space": "harbor"}},
	"addons":  []JSON{{"app": "ferry", "plan": "heroku-redis:private-7", "name": "redis-ferry"}},
}}

// connect runs the program in a sandbox: where it would sleep, the sandbox's clock moves.
func connect(sandbox *kagemusha.Sandbox) (string, error) {
	sleep := func(pause time.Duration) { sandbox.Advance(pause.Seconds()) }
	api := privatelink.API{URL: sandbox.Env["HEROKU_API_URL"], Key: sandbox.Env["HEROKU_API_KEY"], Sleep: sleep}
	return api.Connect("redis-ferry", account)
}

// connected is connect when it must succeed.
func connected(t *testing.T, sandbox *kagemusha.Sandbox) string {
	t.Helper()
	service, err := connect(sandbox)
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// requests tells the journal's requests for an operation.
func requests(sandbox *kagemusha.Sandbox, operation string) []kagemusha.Entry {
	var found []kagemusha.Entry
	for _, entry := range sandbox.Journal("request") {
		if entry.Operation == operation {
			found = append(found, entry)
		}
	}
	return found
}

// statuses spells the statuses of requests, each with the fault that it met: "503 by 1, 201".
func statuses(entries []kagemusha.Entry) string {
	var told []string
	for _, entry := range entries {
		status := "none"
		if entry.Status != nil {
			status = fmt.Sprint(*entry.Status)
		}
		if entry.Fault != 0 {
			status += fmt.Sprintf(" by %d", entry.Fault)
		}
		told = append(told, status)
	}
	return strings.Join(told, ", ")
}

func equal[T comparable](t *testing.T, found, wanted T) {
	t.Helper()
	if found != wanted {
		t.Errorf("found %v, wanted %v", found, wanted)
	}
}

func matches(t *testing.T, found, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(found) {
		t.Errorf("found %q, wanted %s", found, pattern)
	}
}

func TestTheArticleEndsWithTheConfigVar(t *testing.T) {
	sandbox := kagemusha.New(t, nil)
	sandbox.Heroku("POST", "/spaces", JSON{"name": "harbor", "team": "kagemusha"}, nil)
	sandbox.UntilIdle()
	sandbox.Heroku("POST", "/teams/apps", JSON{"name": "ferry", "space": "harbor"}, nil)
	sandbox.Heroku("POST", "/apps/ferry/addons", JSON{"plan": "heroku-redis:private-7", "name": "redis-ferry"}, nil)
	sandbox.UntilIdle()

	service := connected(t, sandbox)
	matches(t, service, `^com\.amazonaws\.vpce\.us-east-1\.vpce-svc-[0-9a-f]{17}$`)

	var endpoint struct {
		ID string `json:"endpoint_id"`
	}
	principal := "arn:aws:iam::" + account + ":user/abc.xyz"
	sandbox.Sim("POST", "/endpoints", JSON{"service_name": service, "principal_arn": principal}, &endpoint)
	sandbox.UntilIdle()
	variable := "REDIS_ENDPOINT_" + strings.ToUpper(strings.TrimPrefix(endpoint.ID, "vpce-")) + "_URL"
	var config map[string]string
	sandbox.Heroku("GET", "/apps/ferry/config-vars", nil, &config)
	equal(t, len(config), 2)
	matches(t, config["REDIS_URL"], `^rediss://`)
	matches(t, config[variable], `^redis://h:p[0-9a-f]{64}@vpce-.*\.vpce\.amazonaws\.com:6379$`)
}

func TestAHeldLinkIsGivenUpAndComesLater(t *testing.T) {
	sandbox := kagemusha.New(t, world)
	fault := sandbox.Fault(JSON{"stage": "privatelink.provisioning", "effect": JSON{"hold": true}})
	_, err := connect(sandbox)
	if err == nil || !strings.Contains(err.Error(), "not operational after 30m") {
		t.Errorf("found %v", err)
	}
	var forecast struct{ Pending []struct{ Held bool } }
	sandbox.Sim("GET", "/pending", nil, &forecast)
	equal(t, forecast.Pending[0].Held, true)

	sandbox.Sim("DELETE", fmt.Sprintf("/faults/%d", fault.ID), nil, nil)
	matches(t, connected(t, sandbox), "vpce-svc-")
}

func TestA503AtFirstIsOutlasted(t *testing.T) {
	sandbox := kagemusha.New(t, world)
	fault := sandbox.Fault(JSON{"operation": "privatelink.create", "effect": JSON{"status": 503}, "times": 2})
	connected(t, sandbox)

	met := sandbox.Met(fault)
	equal(t, met.Hits, 2)
	equal(t, *met.Remaining, 0)
	equal(t, statuses(requests(sandbox, "privatelink.create")), "503 by 1, 503 by 1, 201")
}

func TestARateLimitIsWaitedOut(t *testing.T) {
	sandbox := kagemusha.New(t, world)
	sandbox.Fault(JSON{"operation": "*", "effect": JSON{"rate_limit": true}, "times": 1})
	connected(t, sandbox)

	looks := requests(sandbox, "privatelink.info")[:2]
	equal(t, statuses(looks), "429 by 1, 404")
	equal(t, moment(t, looks[1]).Sub(moment(t, looks[0])), time.Minute)
}

func moment(t *testing.T, entry kagemusha.Entry) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, entry.At)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestALostAnswerMakesNoSecondLink(t *testing.T) {
	sandbox := kagemusha.New(t, world)
	sandbox.Fault(JSON{"operation": "privatelink.create", "effect": JSON{"disconnect": "after"}, "times": 1})
	connected(t, sandbox)

	equal(t, statuses(requests(sandbox, "privatelink.create")), "none by 1")
	met := sandbox.Journal("fault")
	equal(t, len(met), 1)
	equal(t, fmt.Sprint(met[0].Effect), "map[disconnect:after]")
}

func TestASandboxIsAWorldOfItsOwn(t *testing.T) {
	sandbox, other := kagemusha.New(t, world), kagemusha.New(t, nil)
	var apps []struct{ Name string }
	sandbox.Heroku("GET", "/apps", nil, &apps)
	equal(t, len(apps), 1)
	equal(t, apps[0].Name, "ferry")
	other.Heroku("GET", "/apps", nil, &apps)
	equal(t, len(apps), 0)
}
