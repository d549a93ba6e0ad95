package userpool_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"photos/internal/userpool"
)

func (r *rig) forgot(t *testing.T, email string) answer {
	t.Helper()
	return r.post(t, newBrowser(t), "/forgotPassword?"+authorization().Encode(), url.Values{"email": {email}})
}

var resetPattern = regexp.MustCompile(`http://\S+/confirmForgotPassword\?\S+`)

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	r := start(t)
	session := r.session(t)
	if login := r.get(t, newBrowser(t), "/login", authorization()); !strings.Contains(login.body, `href="/forgotPassword?`) {
		t.Error("the login page does not lead there")
	}
	if page := r.get(t, newBrowser(t), "/forgotPassword", authorization("login_hint", ada.Email)); page.status != 200 || !strings.Contains(page.body, `value="ada@example.org"`) {
		t.Errorf("status %d\n%s", page.status, page.body)
	}
	if got := r.forgot(t, "ADA@example.org"); got.status != http.StatusOK || strings.Contains(got.body, "confirmForgotPassword") {
		t.Fatalf("the page shows the link to whoever asks: status %d\n%s", got.status, got.body)
	}
	link := mustParse(t, resetPattern.FindString(r.talk.String()))
	if got := r.get(t, newBrowser(t), link.Path, link.Query()); got.status != http.StatusOK || !strings.Contains(got.body, `autocomplete="new-password"`) {
		t.Errorf("opening the link: status %d", got.status)
	}
	reset := func(password string) answer {
		return r.post(t, newBrowser(t), link.RequestURI(), url.Values{"password": {password}})
	}
	if got := reset("short"); got.status != http.StatusBadRequest || !strings.Contains(got.body, "Use at least") {
		t.Errorf("a short password: status %d", got.status)
	}
	fresh := userpool.NewUser{Email: ada.Email, Password: "battery staple"}
	if got := reset(fresh.Password); got.status != http.StatusOK || got.location != nil {
		t.Errorf("status %d", got.status)
	}
	r.signsIn(t, ada, false)
	r.signsIn(t, fresh, true)
	if _, got := r.token(t, refreshing(session.Refresh)); got.Error != "invalid_grant" {
		t.Errorf("a session from before: %q", got.Error)
	}
	if got := r.get(t, r.browser, "/oauth2/authorize", authorization()); got.location.Path != "/login" {
		t.Errorf("a browser from before: %v", got.location)
	}
	if got := reset("a third password"); got.status != http.StatusBadRequest {
		t.Errorf("the link works twice: status %d", got.status)
	}
}

func TestALinkToANewPasswordWorksForAnHour(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.forgot(t, ada.Email)
	link := mustParse(t, resetPattern.FindString(r.talk.String()))
	r.pass(time.Hour)
	if got := r.post(t, newBrowser(t), link.RequestURI(), url.Values{"password": {"battery staple"}}); got.status != http.StatusBadRequest {
		t.Errorf("status %d", got.status)
	}
	r.signsIn(t, ada, true)
}

func TestLinksWorkForTheirPurposeOnly(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.forgot(t, ada.Email)
	reset := mustParse(t, resetPattern.FindString(r.talk.String()))
	r.signUp(t, grace)
	confirm := r.link(t)
	if got := r.get(t, newBrowser(t), "/confirmUser", reset.Query()); got.status != http.StatusBadRequest {
		t.Errorf("a reset link confirms: status %d", got.status)
	}
	if got := r.post(t, newBrowser(t), "/confirmForgotPassword?"+confirm.RawQuery, url.Values{"password": {"battery staple"}}); got.status != http.StatusBadRequest {
		t.Errorf("a confirmation link resets: status %d", got.status)
	}
}

func TestAskingForALinkShowsNoAccounts(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.signUp(t, grace)
	for _, path := range []string{"/forgotPassword?", "/resendcode?"} {
		shown := map[string]bool{}
		for _, email := range []string{ada.Email, "grace@example.org", "nobody@example.org"} {
			for range 7 { // more than are sent
				got := r.post(t, newBrowser(t), path+authorization().Encode(), url.Values{"email": {email}})
				if got.status != http.StatusOK {
					t.Errorf("%s%s: status %d", path, email, got.status)
				}
				shown[strings.ReplaceAll(got.body, email, "EMAIL")] = true
			}
		}
		if len(shown) != 1 {
			t.Errorf("%s: %d different pages", path, len(shown))
		}
		if got := r.post(t, newBrowser(t), path+authorization().Encode(), url.Values{"email": {"nobody"}}); got.status != http.StatusBadRequest {
			t.Errorf("%s: not an address: status %d", path, got.status)
		}
	}
}

func TestAnotherConfirmationLink(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.signUp(t, grace)
	first := r.link(t)
	r.post(t, newBrowser(t), "/resendcode?"+authorization().Encode(), url.Values{"email": {grace.Email}})
	second := r.link(t)
	if second.String() == first.String() {
		t.Fatal("no new link")
	}
	// Anybody may have asked for this link, so no sign-in goes on with it.
	if got := r.confirm(t, second, grace.Password); got.status != http.StatusOK || got.location != nil || !strings.Contains(got.body, "is confirmed") {
		t.Errorf("status %d, %v", got.status, got.location)
	}
	r.signsIn(t, grace, true)
}

func TestANewPasswordByMail(t *testing.T) {
	t.Parallel()
	address, mails := mailServer(t)
	r := start(t, func(c *userpool.Config) { c.SMTP, c.SMTPFrom = address, "photos@example.org" })
	r.forgot(t, ada.Email)
	mail := <-mails
	if !strings.Contains(mail, "To: ada@example.org\n") || !strings.Contains(mail, "Subject: Choose a new password\n") || r.talk.String() != "" {
		t.Errorf("the terminal says %q, the mail\n%s", r.talk, mail)
	}
	link := mustParse(t, resetPattern.FindString(mail))
	r.post(t, newBrowser(t), link.RequestURI(), url.Values{"password": {"battery staple"}})
	r.signsIn(t, userpool.NewUser{Email: ada.Email, Password: "battery staple"}, true)
}
