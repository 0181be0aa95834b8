// Package kagemusha gives a test a sandbox of kagemusha. It needs nothing but the standard library: copy it.
package kagemusha

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"
)

// JSON is an object as it is sent and answered.
type JSON = map[string]any

// Sandbox is a world of its own, on a clock that moves only when told.
type Sandbox struct {
	t    *testing.T
	Name string
	// Env points a process at it: HEROKU_API_URL, HEROKU_API_KEY, AWS_ENDPOINT_URL …
	Env map[string]string
}

// Entry is what the journal tells of a request, or of a fault that was met.
type Entry struct {
	At        string // RFC 3339, of the sandbox's clock
	Operation string
	Status    *int // nil if the client got no answer
	Fault     int  // 0 for none
	Effect    JSON
}

// Fault is trouble that was ordered.
type Fault struct {
	ID        int
	Hits      int
	Remaining *int // nil if there is no end to it
}

// New makes a sandbox that is there until the test ends. asked is what POST /_sim/sandboxes takes.
func New(t *testing.T, asked JSON) *Sandbox {
	t.Helper()
	body := JSON{"clock": "manual", "seed": 7, "now": "2030-01-01T00:00:00Z"}
	for name, value := range asked {
		body[name] = value
	}
	sandbox := &Sandbox{t: t}
	sandbox.Sim("POST", "", body, sandbox)
	t.Cleanup(func() { sandbox.Sim("DELETE", "", nil, nil) })
	return sandbox
}

// Sim asks the control API about this sandbox, and puts the answer into answer unless that is nil.
func (s *Sandbox) Sim(method, path string, body, answer any) {
	s.t.Helper()
	if s.Name != "" {
		path = "/" + s.Name + path
	}
	server := os.Getenv("KAGEMUSHA_URL")
	if server == "" {
		server = "http://127.0.0.1:8765"
	}
	header := http.Header{}
	if token := os.Getenv("KAGEMUSHA_ADMIN_TOKEN"); token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	err := ask(method, server+"/_sim/sandboxes"+path, header, body, answer)
	var silence *url.Error
	if errors.As(err, &silence) {
		s.t.Fatalf("No kagemusha answers at %s: start \"kagemusha serve --ephemeral\", or set KAGEMUSHA_URL.", server)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Advance moves time. Everything due within so many seconds has happened when it returns.
func (s *Sandbox) Advance(seconds float64) {
	s.t.Helper()
	s.Sim("POST", "/clock/advance", JSON{"seconds": seconds}, nil)
}

// UntilIdle moves time until nothing is to come that isn't held.
func (s *Sandbox) UntilIdle() {
	s.t.Helper()
	s.Sim("POST", "/clock/advance", JSON{"until": "idle"}, nil)
}

// Fault orders trouble.
func (s *Sandbox) Fault(order JSON) Fault {
	s.t.Helper()
	var fault Fault
	s.Sim("POST", "/faults", order, &fault)
	return fault
}

// Met tells how often a fault was met by now.
func (s *Sandbox) Met(fault Fault) Fault {
	s.t.Helper()
	s.Sim("GET", fmt.Sprintf("/faults/%d", fault.ID), nil, &fault)
	return fault
}

// Journal is what happened: all entries of a kind ("request", "fault" or "transition"), oldest first.
func (s *Sandbox) Journal(kind string) []Entry {
	s.t.Helper()
	var journal struct{ Entries []Entry }
	s.Sim("GET", "/journal?limit=1000&kind="+kind, nil, &journal)
	return journal.Entries
}

// Heroku makes a request of a client of Heroku's that must succeed.
func (s *Sandbox) Heroku(method, path string, body, answer any) {
	s.t.Helper()
	header := http.Header{}
	header.Set("Accept", "application/vnd.heroku+json; version=3")
	header.Set("Authorization", "Bearer "+s.Env["HEROKU_API_KEY"])
	if err := ask(method, s.Env["HEROKU_API_URL"]+path, header, body, answer); err != nil {
		s.t.Fatal(err)
	}
}

func ask(method, address string, header http.Header, body, answer any) error {
	sent, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, address, bytes.NewReader(sent))
	if err != nil {
		return err
	}
	request.Header = header
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", method, address, response.Status, said)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(said, answer)
}
