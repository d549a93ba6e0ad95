package userpool_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"photos/internal/userpool"
)

// TestSlowBodiesAreCutOff sends a header that announces a body, and then nothing.
func TestSlowBodiesAreCutOff(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *userpool.Config) { c.BodyTime = 100 * time.Millisecond })
	for _, request := range []string{
		"POST /login?" + authorization().Encode(), "POST /signup?" + authorization().Encode(),
		"POST /oauth2/token", "POST /oauth2/revoke", "GET /login?" + authorization().Encode(), "GET /oauth2/userInfo",
	} {
		for _, length := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked"} {
			if err := sendHalf(r.server.Listener.Addr().String(), request, length); err != nil {
				t.Errorf("%s with %s: %v", request[:12], length, err)
			}
		}
	}
	if got := r.signIn(t, newBrowser(t), authorization(), ada); got.status != http.StatusFound {
		t.Errorf("a sign-in: status %d", got.status)
	}
}

// sendHalf returns nil if the server closes the connection.
func sendHalf(address, request, length string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n%s\r\n\r\n", request, length)
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil
}

// TestAFormMayTakeLongAfterItWasSent checks that the time limit for the body ends when the body has arrived.
func TestAFormMayTakeLongAfterItWasSent(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *userpool.Config) { c.BodyTime = time.Second })
	r.behaviour.Set(userpool.Knobs{})
	address, _ := slowMailServer(t, 1500*time.Millisecond)
	r.config.SMTP, r.config.SMTPFrom = address, "photos@example.org"
	r.restart(t)
	if got := r.signUp(t, grace); got.status != http.StatusOK {
		t.Errorf("status %d\n%s", got.status, got.body)
	}
}

func TestFieldsHaveALength(t *testing.T) {
	t.Parallel()
	r := start(t)
	long := strings.Repeat("a", 60_000)
	for name, form := range map[string]url.Values{
		"email":    {"email": {long + "@example.org"}, "nickname": {"Ada"}, "password": {"long enough to be one"}},
		"nickname": {"email": {"g@example.org"}, "nickname": {long}, "password": {"long enough to be one"}},
		"password": {"email": {"g@example.org"}, "nickname": {"Ada"}, "password": {long}},
	} {
		for _, path := range []string{"/signup?", "/login?"} {
			got := r.post(t, newBrowser(t), path+authorization().Encode(), form)
			if got.status != http.StatusBadRequest || strings.Contains(got.body, long) {
				t.Errorf("%s to %s: status %d, %d bytes", name, path, got.status, len(got.body))
			}
		}
	}
	for _, path := range []string{"/signup?", "/login?"} {
		got := r.post(t, newBrowser(t), path+authorization().Encode(), url.Values{"email": {long + long}})
		if got.status != http.StatusRequestEntityTooLarge || !strings.Contains(got.body, "cannot be read") {
			t.Errorf("a form of 120 KB to %s: status %d", path, got.status)
		}
	}
	if status, got := r.token(t, url.Values{"grant_type": {long + long}}); status != http.StatusRequestEntityTooLarge || got.Error != "invalid_request" {
		t.Errorf("a token request of 120 KB: status %d, %q", status, got.Error)
	}
	hinted := r.get(t, newBrowser(t), "/login", authorization("login_hint", strings.Repeat("a", 300)))
	if strings.Contains(hinted.body, `value="aaa`) {
		t.Error("a login_hint of 300 bytes is shown as an address")
	}
}
