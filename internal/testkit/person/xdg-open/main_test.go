package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheLogHoldsNoCodes(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			http.Redirect(w, r, "/callback?code=secret&state=s1", http.StatusFound)
		}
	}))
	t.Cleanup(server.Close)
	log := filepath.Join(t.TempDir(), "visited")
	getenv := func(name string) string { return map[string]string{"PERSON_LOG": log}[name] }
	for range 2 {
		if err := run(t.Context(), []string{server.URL + "/login?confirmation_code=secret&client_id=cli"}, getenv); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat(server.URL+"/login?client_id=cli\n"+server.URL+"/callback?state=s1\n", 2)
	if string(got) != want {
		t.Errorf("the log is\n%swant\n%s", got, want)
	}
}

func TestOneAddressIsWanted(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"a", "b"}, {"://"}, {"http://127.0.0.1:1/"}} {
		if err := run(t.Context(), args, func(string) string { return "" }); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
