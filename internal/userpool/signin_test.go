package userpool_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"photos/internal/userpool"
)

var grace = userpool.NewUser{Email: "Grace@Example.org ", Nickname: "Grace", Password: "a long password"}

func (r *rig) signUp(t *testing.T, u userpool.NewUser) answer {
	t.Helper()
	return r.post(t, newBrowser(t), "/signup?"+authorization().Encode(), url.Values{"email": {u.Email}, "nickname": {u.Nickname}, "password": {u.Password}})
}

var linkPattern = regexp.MustCompile(`http://\S+/confirmUser\?\S+`)

// link returns the newest confirmation link on the terminal.
func (r *rig) link(t *testing.T) *url.URL {
	t.Helper()
	links := linkPattern.FindAllString(r.talk.String(), -1)
	if len(links) == 0 {
		t.Fatalf("no link in %q", r.talk.String())
	}
	return mustParse(t, links[len(links)-1])
}

// confirm types a password on the page of a confirmation link.
func (r *rig) confirm(t *testing.T, link *url.URL, password string) answer {
	t.Helper()
	return r.post(t, newBrowser(t), link.RequestURI(), url.Values{"password": {password}})
}

// signsIn checks whether an account can sign in.
func (r *rig) signsIn(t *testing.T, u userpool.NewUser, want bool) {
	t.Helper()
	got := r.signIn(t, newBrowser(t), authorization(), u)
	if ok := got.location != nil && got.location.Query().Get("code") != ""; ok != want {
		t.Errorf("sign-in of %s with %q: %t, want %t", u.Email, u.Password, ok, want)
	}
}

func TestSignUp(t *testing.T) {
	t.Parallel()
	r := start(t)
	page := r.signUp(t, grace)
	link := r.link(t)
	if page.status != http.StatusOK || !strings.Contains(page.body, strings.ReplaceAll(link.String(), "&", "&amp;")) {
		t.Fatalf("status %d, no link on\n%s", page.status, page.body)
	}
	if !strings.Contains(r.talk.String(), "to confirm grace@example.org open") {
		t.Errorf("the terminal says %q", r.talk)
	}
	early := r.signIn(t, newBrowser(t), authorization(), grace)
	if early.status != http.StatusOK || !strings.Contains(early.body, "Confirm your email address") || early.header.Get("Set-Cookie") != "" {
		t.Errorf("sign-in before confirming: status %d\n%s", early.status, early.body)
	}
	opened := r.get(t, newBrowser(t), link.Path, link.Query())
	if opened.status != http.StatusOK || !strings.Contains(opened.body, `value="grace@example.org"`) || !strings.Contains(opened.body, "password you chose") {
		t.Errorf("opening the link: status %d\n%s", opened.status, opened.body)
	}
	if got := r.confirm(t, link, "another password"); got.status != http.StatusBadRequest || !strings.Contains(got.body, "Nobody signed up with this address and this password") {
		t.Errorf("another password: status %d", got.status)
	}
	for range 2 { // people open links twice
		got := r.confirm(t, link, grace.Password)
		if got.status != http.StatusFound || got.location.Host != "127.0.0.1:18484" || got.location.Query().Get("code") == "" || got.location.Query().Get("state") != "st&te" {
			t.Fatalf("status %d, location %v\n%s", got.status, got.location, got.body)
		}
	}
	r.signsIn(t, grace, true)
}

func TestSignUpSaysWhatIsWrongAndKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, test := range []struct {
		u      userpool.NewUser
		status int
		says   string
	}{
		{userpool.NewUser{Email: "grace", Nickname: "Gra<ce", Password: "long enough"}, 400, "does not look like an email address"},
		{userpool.NewUser{Email: "Grace <g@example.org>", Nickname: "Gra<ce", Password: "long enough"}, 400, "does not look like an email address"},
		{userpool.NewUser{Email: "g@example.org\r\nBcc: x@example.org", Nickname: "Gra<ce", Password: "long enough"}, 400, "does not look like"},
		{userpool.NewUser{Email: "", Nickname: "Gra<ce", Password: "long enough"}, 400, "Enter your email address"},
		{userpool.NewUser{Email: "g@example.org", Nickname: " ", Password: "long enough"}, 400, "Enter a nickname"},
		{userpool.NewUser{Email: "g@example.org", Nickname: "\x1b[2J", Password: "long enough"}, 400, "Use letters, digits"},
		{userpool.NewUser{Email: "g@example.org", Nickname: strings.Repeat("ä", 101), Password: "long enough"}, 400, "at most 100 characters"},
		{userpool.NewUser{Email: "g@example.org", Nickname: "Gra<ce", Password: "älter7777"}, 400, "Use at least 10 characters."},
		{userpool.NewUser{Email: "g@example.org", Nickname: "Gra<ce", Password: strings.Repeat("x", 257)}, 400, "Use at most 256 bytes"},
		{userpool.NewUser{Email: "g@example.org", Nickname: "Gra<ce", Password: ""}, 400, "Choose a password"},
		{userpool.NewUser{Email: "ADA@example.org", Nickname: "Gra<ce", Password: "long enough"}, 409, "There is an account with this email address"},
	} {
		got := r.signUp(t, test.u)
		if got.status != test.status || !strings.Contains(got.body, test.says) {
			t.Errorf("%+v: status %d, not %q in\n%s", test.u, got.status, test.says, got.body)
		}
		if test.u.Nickname == "Gra<ce" && !strings.Contains(got.body, `value="Gra&lt;ce"`) {
			t.Errorf("%+v: the nickname is gone:\n%s", test.u, got.body)
		}
		if test.u.Password != "" && strings.Contains(got.body, test.u.Password) {
			t.Errorf("%+v: the password is sent back", test.u)
		}
	}
	if got := r.signIn(t, newBrowser(t), authorization(), ada); got.location == nil {
		t.Error("a refused sign-up changed Ada's account")
	}
}

// TestAStrangersSignUp signs up with the address of somebody else, before and after its owner does.
func TestAStrangersSignUp(t *testing.T) {
	t.Parallel()
	stranger := userpool.NewUser{Email: grace.Email, Nickname: "Mallory", Password: "mallory's password"}
	for name, order := range map[string][]userpool.NewUser{"before": {stranger, grace}, "after": {grace, stranger}} {
		r := start(t)
		links := map[string]*url.URL{}
		for _, u := range order {
			r.signUp(t, u)
			links[u.Nickname] = r.link(t)
		}
		// The owner opens both links, and types the only password there is to type.
		strangers := r.confirm(t, links["Mallory"], grace.Password)
		if strangers.status != http.StatusOK || strangers.location != nil || !strings.Contains(strangers.body, "is confirmed") {
			t.Errorf("%s: the stranger's link goes on with the stranger's sign-in: status %d, %v", name, strangers.status, strangers.location)
		}
		if got := r.confirm(t, links["Grace"], grace.Password); got.location == nil || got.location.Query().Get("code") == "" {
			t.Errorf("%s: the owner's link: status %d", name, got.status)
		}
		r.signsIn(t, grace, true)
		r.signsIn(t, stranger, false)
		if got := r.confirm(t, links["Mallory"], stranger.Password); got.status != http.StatusBadRequest {
			t.Errorf("%s: the stranger's password after all: status %d", name, got.status)
		}
	}
}

func TestOpeningAStrangersLinkConfirmsNothing(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.signUp(t, grace)
	link := r.link(t)
	r.get(t, newBrowser(t), link.Path, link.Query())
	r.signsIn(t, grace, false)
}

func TestLinksToOneAddressAreFew(t *testing.T) {
	t.Parallel()
	address, mails := mailServer(t)
	r := start(t, func(c *userpool.Config) { c.SMTP, c.SMTPFrom = address, "photos@example.org" })
	for i := range 5 {
		if got := r.signUp(t, grace); got.status != http.StatusOK {
			t.Fatalf("sign-up %d: status %d", i, got.status)
		}
	}
	got := r.signUp(t, grace)
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || !strings.Contains(got.body, "Too many links") {
		t.Errorf("sixth sign-up: status %d", got.status)
	}
	r.post(t, newBrowser(t), "/resendcode?"+authorization().Encode(), url.Values{"email": {grace.Email}})
	if got := r.signIn(t, newBrowser(t), authorization(), grace); got.status != http.StatusTooManyRequests {
		t.Errorf("sign-in before confirming: status %d", got.status)
	}
	other := userpool.NewUser{Email: "other@example.org", Nickname: "O", Password: "a long password"}
	if got := r.signUp(t, other); got.status != http.StatusOK {
		t.Errorf("another address: status %d", got.status)
	}
	if len(mails) != 6 {
		t.Errorf("%d mails, want 6", len(mails))
	}
	r.pass(24 * time.Hour)
	if got := r.signUp(t, grace); got.status != http.StatusOK {
		t.Errorf("a day later: status %d", got.status)
	}
}

func TestLinksToAllAddressesAreFew(t *testing.T) {
	t.Parallel()
	r := start(t)
	db, err := sql.Open("sqlite", r.config.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range 99 {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO sent (email, sent_at) VALUES (?, ?)", fmt.Sprintf("u%d@example.org", i), r.clock().UnixMicro()); err != nil {
			t.Fatal(err)
		}
	}
	r.forgot(t, ada.Email)
	if !resetPattern.MatchString(r.talk.String()) {
		t.Error("the hundredth link is not sent")
	}
	if got := r.signUp(t, grace); got.status != http.StatusTooManyRequests {
		t.Errorf("status %d", got.status)
	}
	r.pass(time.Hour)
	if got := r.signUp(t, grace); got.status != http.StatusOK {
		t.Errorf("an hour later: status %d", got.status)
	}
}

func TestAConfirmationLinkWorksForADay(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.signUp(t, grace)
	link := r.link(t)
	r.pass(24 * time.Hour)
	if got := r.get(t, newBrowser(t), link.Path, link.Query()); got.status != http.StatusBadRequest || !strings.Contains(got.body, "does not work any more") {
		t.Errorf("status %d", got.status)
	}
	if got := r.get(t, newBrowser(t), "/confirmUser", nil); got.status != http.StatusBadRequest {
		t.Errorf("without a code: status %d", got.status)
	}
}

func TestUnknownUsersAndWrongPasswordsLookTheSame(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.signUp(t, grace)
	shown := map[string]bool{}
	for _, email := range []string{ada.Email, "nobody@example.org", "grace@example.org"} {
		got := r.signIn(t, newBrowser(t), authorization(), userpool.NewUser{Email: email, Password: "guess"})
		if got.status != http.StatusBadRequest || !strings.Contains(got.body, "Email address or password is wrong.") {
			t.Errorf("%s: status %d", email, got.status)
		}
		shown[strings.ReplaceAll(got.body, email, "EMAIL")] = true
	}
	if len(shown) != 1 {
		t.Errorf("%d different pages", len(shown))
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, email := range []string{ada.Email, "nobody@example.org"} {
		guess := func(password string) answer {
			return r.signIn(t, newBrowser(t), authorization(), userpool.NewUser{Email: email, Password: password})
		}
		for range 5 {
			if got := guess("guess"); got.status != http.StatusBadRequest {
				t.Fatalf("status %d", got.status)
			}
		}
		if got := guess(ada.Password); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "1" {
			t.Errorf("sixth: status %d, Retry-After %q", got.status, got.header.Get("Retry-After"))
		}
		r.pass(time.Second)
		guess("guess")
		if got := guess("guess"); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "2" {
			t.Errorf("seventh: status %d, Retry-After %q", got.status, got.header.Get("Retry-After"))
		}
		r.pass(2 * time.Second)
	}
	if got := r.signIn(t, newBrowser(t), authorization(), ada); got.status != http.StatusFound {
		t.Errorf("the right password after waiting: status %d", got.status)
	}
	r.pass(15 * time.Minute)
	for range 5 { // forgotten
		if got := r.signIn(t, newBrowser(t), authorization(), userpool.NewUser{Email: ada.Email, Password: "guess"}); got.status != http.StatusBadRequest {
			t.Fatalf("after a quarter of an hour: status %d", got.status)
		}
	}
	if got := r.signIn(t, newBrowser(t), authorization(), ada); got.status != http.StatusTooManyRequests {
		t.Errorf("status %d", got.status)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t)
	form := url.Values{"email": {ada.Email}, "password": {ada.Password}}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://evil.example"}, {"Sec-Fetch-Site", "same-site"}} {
		if got := r.post(t, newBrowser(t), "/login?"+authorization().Encode(), form, headers...); got.status != http.StatusForbidden {
			t.Errorf("%v: status %d", headers, got.status)
		}
	}
}

func TestPagesLoadOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	r := start(t)
	for redirect, want := range map[string]string{
		callback:                      "form-action 'self' http://127.0.0.1:18484;",
		"http://[::1]:18484/callback": "form-action 'self' http:;",
	} {
		got := r.get(t, newBrowser(t), "/login", authorization("redirect_uri", redirect))
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'; style-src 'sha256-") || !strings.Contains(policy, want) {
			t.Errorf("policy %q", policy)
		}
		if strings.Contains(got.body, "<script") || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("header %v", got.header)
		}
	}
}

func TestCancelGoesBackToTheClient(t *testing.T) {
	t.Parallel()
	r := start(t)
	page := r.get(t, newBrowser(t), "/login", authorization())
	if !strings.Contains(page.body, `href="http://127.0.0.1:18484/callback?error=access_denied&amp;error_description=the&#43;sign-in&#43;was&#43;cancelled&amp;state=st%26te"`) {
		t.Errorf("no cancel link in\n%s", page.body)
	}
}

func TestTheDatabaseIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no mode bits")
	}
	t.Parallel()
	r := start(t)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(r.config.Path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", suffix, info.Mode(), err)
		}
	}
	if err := os.Chmod(r.config.Path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := openAgain(t.Context(), r.config); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("opening a file of mode 0640: %v", err)
	}
	session := r.session(t)
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(r.config.Path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for name, secret := range map[string]string{"refresh token": session.Refresh, "password": ada.Password} {
			if strings.Contains(string(data), secret) {
				t.Errorf("the %s lies in the file%s", name, suffix)
			}
		}
	}
}
