package userpool_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/userpool"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	r := start(t)
	refresh := r.session(t).Refresh
	const path = "/oauth2/token"
	for _, test := range []struct {
		name  string
		fault userpool.Fault
		want  answer
	}{
		{"throttled", userpool.Fault{Status: 429, RetryAfter: "2", Body: "Rate Exceeded"}, answer{status: 429, body: "Rate Exceeded"}},
		{"throttled without a word", userpool.Fault{Status: 429}, answer{status: 429}},
		{"broken gateway", userpool.Fault{Status: 502, Body: "<html>"}, answer{status: 502, body: "<html>"}},
		{"not JSON", userpool.Fault{Status: 200, Body: "<html>"}, answer{status: 200, body: "<html>"}},
	} {
		test.fault.Times = 2
		r.behaviour.Set(userpool.Knobs{Faults: map[string]userpool.Fault{path: test.fault}})
		for range 2 {
			got := r.post(t, http.DefaultClient, path, refreshing(refresh))
			if got.status != test.want.status || got.body != test.want.body || got.header.Get("Retry-After") != test.fault.RetryAfter {
				t.Errorf("%s: status %d, %q, %v", test.name, got.status, got.body, got.header)
			}
		}
		if status, _ := r.token(t, refreshing(refresh)); status != http.StatusOK {
			t.Errorf("%s: afterwards: status %d", test.name, status)
		}
	}
}

func TestResetAndLostAnswers(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *userpool.Config) { c.Rotation = true })
	refresh := r.session(t).Refresh
	send := func() error {
		resp, err := http.PostForm(r.server.URL+"/oauth2/token", refreshing(refresh))
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}
	fault := func(f userpool.Fault) {
		f.Times = 1
		r.behaviour.Set(userpool.Knobs{Faults: map[string]userpool.Fault{"/oauth2/token": f}})
	}
	fault(userpool.Fault{Reset: true})
	if err := send(); err == nil {
		t.Error("no error from a reset connection")
	}
	_, renewed := r.token(t, refreshing(refresh))
	if renewed.Refresh == "" {
		t.Fatalf("a reset request was carried out: %q", renewed.Error)
	}
	refresh = renewed.Refresh
	fault(userpool.Fault{Reset: true, Lost: true})
	if err := send(); err == nil {
		t.Error("no error from a lost answer")
	}
	if _, got := r.token(t, refreshing(refresh)); got.Error != "invalid_grant" {
		t.Errorf("the request of a lost answer was not carried out: %q", got.Error)
	}
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	r := start(t)
	refresh := r.session(t).Refresh
	const delay = 50 * time.Millisecond
	r.behaviour.Set(userpool.Knobs{Faults: map[string]userpool.Fault{"/oauth2/token": {Delay: userpool.Duration(delay)}}})
	begun := time.Now()
	if status, _ := r.token(t, refreshing(refresh)); status != http.StatusOK || time.Since(begun) < delay {
		t.Errorf("status %d after %s", status, time.Since(begun))
	}
}

// A test can hold a request for as long as it needs, however slow the machine is.
func TestNewKnobsEndADelay(t *testing.T) {
	t.Parallel()
	r := start(t)
	refresh := r.session(t).Refresh
	before := r.behaviour.Requests()["/oauth2/token"]
	r.behaviour.Set(userpool.Knobs{Faults: map[string]userpool.Fault{"/oauth2/token": {Delay: userpool.Duration(time.Hour)}}})
	status := make(chan int)
	go func() {
		got, _ := r.token(t, refreshing(refresh))
		status <- got
	}()
	for r.behaviour.Requests()["/oauth2/token"] == before {
		time.Sleep(time.Millisecond)
	}
	select {
	case got := <-status:
		t.Fatalf("status %d before the delay was over", got)
	default:
	}
	r.behaviour.Set(userpool.Knobs{})
	if got := <-status; got != http.StatusOK {
		t.Errorf("status %d", got)
	}
}

func TestClockThatIsOff(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		r.behaviour.Set(userpool.Knobs{ClockOffset: userpool.Duration(off)})
		session := r.session(t)
		access, _ := r.claims(t, session.Access)
		want := r.clock().Add(off)
		if access["iat"] != float64(want.Unix()) || session.ExpiresIn != 3600 {
			t.Errorf("iat %v, want %d; expires_in %d", access["iat"], want.Unix(), session.ExpiresIn)
		}
		got := r.get(t, http.DefaultClient, "/"+r.PoolID()+"/.well-known/jwks.json", nil)
		if date := got.header.Get("Date"); date != want.UTC().Format(http.TimeFormat) {
			t.Errorf("Date is %s, want %s", date, want)
		}
	}
}

func TestLargeTokensAndShortLives(t *testing.T) {
	t.Parallel()
	r := start(t)
	never := userpool.Duration(0)
	r.behaviour.Set(userpool.Knobs{RefreshTokenBytes: 2500, IDTokenPadding: 4000, AccessLifetime: userpool.Duration(5 * time.Second)})
	got := r.session(t)
	if len(got.Refresh) < 2500 || len(got.Refresh) > 2502 || len(got.ID) < 6000 || got.ExpiresIn != 5 {
		t.Errorf("%d bytes of refresh token, %d of ID token, expires_in %d", len(got.Refresh), len(got.ID), got.ExpiresIn)
	}
	r.claims(t, got.ID)
	r.behaviour.Set(userpool.Knobs{CodeLifetime: &never})
	if _, got := r.token(t, redemption(r.code(t, authorization()))); got.Error != "invalid_grant" {
		t.Errorf("expired code: %q", got.Error)
	}
	r.behaviour.Set(userpool.Knobs{RedirectMismatch: true})
	if got := r.get(t, r.browser, "/oauth2/authorize", authorization()); got.location.Query().Get("error") != "redirect_mismatch" {
		t.Errorf("location %v", got.location)
	}
}

func TestRotationIsSwitchedWhileRunning(t *testing.T) {
	t.Parallel()
	r := start(t)
	on, grace := true, userpool.Duration(10*time.Second)
	session := r.session(t)
	r.behaviour.Set(userpool.Knobs{Rotation: &on, RotationGrace: &grace})
	if _, got := r.token(t, refreshing(session.Refresh)); got.Refresh == "" {
		t.Error("no rotation")
	}
	r.behaviour.Set(userpool.Knobs{})
	if _, got := r.token(t, refreshing(session.Refresh)); got.Error != "invalid_grant" {
		t.Errorf("replaced, and the grace is gone: %q", got.Error)
	}
}

func TestRotateKeys(t *testing.T) {
	t.Parallel()
	r := start(t)
	old := r.session(t)
	_, oldKey := r.claims(t, old.Access)
	if err := r.RotateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, newKey := r.claims(t, r.session(t).Access)
	r.claims(t, old.Access)
	if _, published := r.Keys()(oldKey); newKey == oldKey || !published {
		t.Errorf("key %s after %s, which is published: %v", newKey, oldKey, published)
	}
	r.restart(t)
	if _, key := r.claims(t, r.session(t).Access); key != newKey {
		t.Errorf("after a restart key %s signs, before %s", key, newKey)
	}
	r.pass(24 * time.Hour)
	r.restart(t)
	if _, published := r.Keys()(oldKey); published {
		t.Error("the old key is published for more than a day")
	}
}

func TestKnobsAsJSON(t *testing.T) {
	t.Parallel()
	text := `{"rotation":true,"rotation_grace":"10s","access_lifetime":"1m0s","code_lifetime":"0s","clock_offset":"-1h0m0s",` +
		`"faults":{"/oauth2/token":{"times":2,"status":429,"retry_after":"1"}}}`
	var k userpool.Knobs
	if err := json.Unmarshal([]byte(text), &k); err != nil {
		t.Fatal(err)
	}
	back, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, string(back)); diff != "" {
		t.Error(diff)
	}
	if err := json.Unmarshal([]byte(`{"clock_offset":"soon"}`), &k); err == nil || !strings.Contains(err.Error(), "soon") {
		t.Errorf("%v", err)
	}
}
