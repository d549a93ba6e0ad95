package main

import (
	"bufio"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// get returns the status and the body of an answer. The status is 0 when there is none.
func get(t *testing.T, address string, header ...string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// metricsAddress waits until photosd says where its metrics are.
func metricsAddress(t *testing.T, r running) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^metrics are at (http://\S+)$`).FindStringSubmatch(r.stderr.String())
	if m == nil {
		t.Fatalf("photosd does not say where the metrics are: %s", r.stderr)
	}
	return m[1]
}

// TestMetrics shows the figures of what was asked, and nothing about who asked or what is stored.
func TestMetrics(t *testing.T) {
	t.Parallel()
	r := startRun(t, "--data", t.TempDir()+"/data", "--metrics-listen", "127.0.0.1:0")
	const secret = "phk_secret0123456789secret0123456789"
	digest := strings.Repeat("ab", 32)
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/v1/photos/" + digest: 401, "/no/such/" + secret: 404, "/v1/photos?q=" + secret: 401, "/pool/.well-known/none": 404,
	} {
		if status, _ := get(t, r.url+path, "Authorization", "Bearer "+secret); status != want {
			t.Errorf("%s: status %d, want %d", path, status, want)
		}
	}
	status, text := get(t, metricsAddress(t, r))
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, text)
	}
	for _, want := range []string{
		`photosd_http_requests_total{method="GET",route="/readyz",status="200"} 1`,
		`photosd_http_requests_total{method="GET",route="/v1/photos/{id}",status="401"} 1`,
		`photosd_http_requests_total{method="GET",route="/v1/photos",status="401"} 1`,
		`photosd_http_requests_total{method="GET",route="none",status="404"} 2`,
		`photosd_http_request_duration_seconds_count{method="GET",route="/healthz"} 1`,
		`photosd_http_response_bytes_total{route="/readyz"} 6`,
		`photosd_http_requests_in_flight 0`,
		`photosd_store_call_duration_seconds_count{call="row",outcome="ok"}`,
		`photosd_store_connections_limit{pool="write"} 1`,
		`photosd_store_writes_waiting `,
		`photosd_inspections{state="waiting"} 0`,
		`photosd_connections_limit `,
		`photosd_build_info{`,
		`go_goroutines `,
		`process_open_fds `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, hidden := range []string{secret, digest, "Bearer"} {
		if strings.Contains(text, hidden) {
			t.Errorf("the metrics have %s", hidden)
		}
	}
	if status, _ := get(t, r.url+"/metrics"); status != http.StatusNotFound {
		t.Errorf("/metrics of the service itself: status %d", status)
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "photosd_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	waitForSweep(t, metricsAddress(t, r))
	if code := r.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// waitForSweep waits until the sweep of the start has been noted.
func waitForSweep(t *testing.T, metrics string) {
	t.Helper()
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		_, text := get(t, metrics)
		found := 0
		for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "photosd_sweep_last_success_timestamp_seconds{part=") {
				found++
			}
		}
		if found == 6 {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%d parts of the sweep were noted:\n%s", found, text)
		}
	}
}

// TestNoMetrics has no second listener unless it is asked for.
func TestNoMetrics(t *testing.T) {
	t.Parallel()
	r := startRun(t, "--data", t.TempDir()+"/data")
	if strings.Contains(r.stderr.String(), "metrics") {
		t.Errorf("photosd says %s", r.stderr)
	}
	if code := r.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestNotReadyBeforeTheStop goes on serving for a while after it was asked to stop, and says at
// /readyz that no more requests should come.
func TestNotReadyBeforeTheStop(t *testing.T) {
	t.Parallel()
	r := startRun(t, "--data", t.TempDir()+"/data", "--stop-delay", "3s")
	if status, body := get(t, r.url+"/readyz"); status != http.StatusOK {
		t.Fatalf("before: status %d %s", status, body)
	}
	code := make(chan int, 1)
	go func() { code <- r.stop() }()
	noticed := false
	for !noticed {
		status, body := get(t, r.url+"/readyz")
		switch {
		case status == http.StatusServiceUnavailable && strings.Contains(body, "about to stop"):
			noticed = true
		case status != http.StatusOK:
			t.Fatalf("status %d %s", status, body)
		}
	}
	for path, want := range map[string]int{"/healthz": 200, "/v1/me": 401} {
		if status, body := get(t, r.url+path); status != want {
			t.Errorf("%s during the delay: status %d %s", path, status, body)
		}
	}
	if c := <-code; c != 0 {
		t.Errorf("exit code %d", c)
	}
	if status, _ := get(t, r.url+"/healthz"); status != 0 {
		t.Errorf("status %d after the end", status)
	}
}
