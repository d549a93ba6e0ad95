package signin

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"photos/internal/auth"
)

// TestTheBrowsersCommandLineHoldsNoSecret checks that it has only a one-time address, because other users can
// read it.
func TestTheBrowsersCommandLineHoldsNoSecret(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, _ := options(t, p)
	browser := newVisit()
	o.Browser = func(address string) error {
		if strings.ContainsAny(address, "?&#") || !strings.HasPrefix(address, "http://127.0.0.1:") {
			t.Errorf("the browser is started with %s", address)
		}
		return browser.open(address)
	}
	if _, err := Login(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// TestASecondBrowserEndsTheSignIn lets another user be the first to open the one-time address. That user
// could finish the sign-in with another account.
func TestASecondBrowserEndsTheSignIn(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, store := options(t, p)
	second := newVisit()
	o.Browser = func(address string) error {
		signInAddress(t, address) // a stranger's
		return second.open(address)
	}
	_, err := Login(t.Context(), o)
	if auth.KindOf(err) != auth.Untrusted || !strings.Contains(err.Error(), "opened by two browsers") {
		t.Errorf("err = %v", err)
	}
	<-second.done
	if second.status != http.StatusGone || !strings.Contains(second.body, "opened before") {
		t.Errorf("the second browser: status %d, %s", second.status, second.body)
	}
	if len(store.entries) != 0 {
		t.Errorf("stored: %d entries", len(store.entries))
	}
}

// TestTheFirstBrowserMayOpenTheAddressAgain reloads a tab.
func TestTheFirstBrowserMayOpenTheAddressAgain(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, _ := options(t, p)
	o.Browser = func(address string) error {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return err
		}
		c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		for range 2 {
			resp, err := c.Get(address)
			if err != nil {
				return err
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusFound {
				t.Errorf("status %d", resp.StatusCode)
			}
		}
		c.CheckRedirect = nil
		resp, err := c.Get(address)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if _, err := Login(t.Context(), o); err != nil {
		t.Error(err)
	}
}

// TestFewUnverifiedErrorsAreShown sends errors without a state, as any page in any browser can.
func TestFewUnverifiedErrorsAreShown(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, _ := options(t, p)
	var talk bytes.Buffer
	o.Out, o.Wait = &talk, 10*time.Second
	o.Browser = func(address string) error {
		for range 40 {
			resp, err := http.Get(o.RedirectURIs[0] + "?error=spam")
			if err != nil {
				return err
			}
			resp.Body.Close()
		}
		return newVisit().open(address)
	}
	if _, err := Login(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(talk.String(), "spam"); n < 1 || n > maxUnverified {
		t.Errorf("%d reports:\n%s", n, &talk)
	}
}
