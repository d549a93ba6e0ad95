package web_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"photos/internal/userpool"
)

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.browser()
	if a := b.get("/"); !strings.Contains(a.body, `Click <a href="/login">log in/sign up</a> to access this site`) || !strings.Contains(a.body, ">Log in/sign up</a>") {
		t.Errorf("home of a stranger: %s", a.body)
	}
	a := b.signIn("ada", "/myphotos?search=sea") // a page that needs a session leads to the sign-in and back
	if a.status != http.StatusOK || a.url.RequestURI() != "/myphotos?search=sea" {
		t.Errorf("signed in at %s: %d", a.url, a.status)
	}
	if a := b.get("/"); !strings.Contains(a.body, `Click <a href="/myphotos">my photos</a> to access your photos`) || !strings.Contains(a.body, ">My photos</a>") {
		t.Errorf("home of a user: %s", a.body)
	}
	cookies := b.cookies()
	if len(cookies) != 1 {
		t.Errorf("cookies %v: those of the sign-in should be gone", cookies)
	}
	old := b.session()
	if a := b.get("/logout"); a.url.String() != s.url+"/" || !strings.Contains(a.body, "Log in/sign up") {
		t.Errorf("after the sign-out it is at %s", a.url)
	}
	if b.isIn() {
		t.Error("signed in after the sign-out")
	}
	if s.behaviour.Requests()["/oauth2/revoke"] != 1 || s.behaviour.Requests()["/logout"] != 1 {
		t.Errorf("the pool was asked %v", s.behaviour.Requests())
	}
	thief := s.browser()
	thief.header.Set("Cookie", "photos-"+port(t, s.url)+"-session="+old)
	if thief.isIn() {
		t.Error("a cookie from before the sign-out is accepted")
	}
}

func port(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u.Port()
}

// The cookie that a browser had before it signed in never becomes that of a session.
func TestFixation(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.browser()
	u, err := url.Parse(s.url)
	must(t, err)
	planted := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	name := "photos-" + u.Port() + "-session"
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: planted, Path: "/"}})
	b.signIn("ada", "/login")
	first := b.session()
	if first == planted || !b.isIn() {
		t.Errorf("the session's cookie is %s", first)
	}
	b.signIn2(t, "ada")
	if second := b.session(); second == first || !b.isIn() {
		t.Errorf("a second sign-in has the cookie of the first: %s", second)
	}
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: first, Path: "/"}})
	if b.isIn() {
		t.Error("the session of the first sign-in goes on")
	}
}

// signIn2 signs in again while the pool still knows the browser.
func (b *browser) signIn2(t *testing.T, name string) {
	t.Helper()
	if a := b.get("/login"); !strings.Contains(a.body, name) {
		t.Fatalf("signed in again: %d at %s", a.status, a.url)
	}
}

// When the access token has ended, one of many requests at the same time, in two replicas,
// exchanges the refresh token. With rotation and without grace a second exchange would be
// refused, and end the session.
func TestExchangeOnceForAllTabs(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	for round := range 3 {
		before := s.exchanges()
		s.pass(2 * time.Hour)
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				if a, err := b.send(http.MethodGet, "/myphotos", nil, nil); err != nil || a.status != http.StatusOK || a.url.Path != "/myphotos" {
					t.Errorf("round %d: %d at %v, %v", round, a.status, a.url, err)
				}
			})
		}
		all.Wait()
		if n := s.exchanges() - before; n != 1 {
			t.Errorf("round %d: %d exchanges", round, n)
		}
	}
}

// A session ends when the provider refuses its refresh token, and only then.
func TestSessionEndsOnlyWhenRefused(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	s.fail(userpool.Fault{Status: http.StatusInternalServerError})
	s.pass(59*time.Minute + 30*time.Second) // the access token is about to end
	if !b.isIn() {
		t.Error("signed out although the access token is still good")
	}
	s.pass(time.Hour)
	a := b.get("/myphotos")
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || b.session() == "" {
		t.Errorf("without the provider: %d at %s", a.status, a.url)
	}
	for _, fault := range []userpool.Fault{{Reset: true}, {Status: http.StatusTooManyRequests, RetryAfter: "1"}, {Status: http.StatusOK, Body: "<html>"}} {
		s.fail(fault)
		time.Sleep(10 * time.Millisecond)
		if a := b.get("/myphotos"); a.status != http.StatusServiceUnavailable {
			t.Errorf("%+v: %d at %s", fault, a.status, a.url)
		}
	}
	s.behaviour.Set(userpool.Knobs{})
	for deadline := time.Now().Add(time.Minute); !b.isIn(); time.Sleep(100 * time.Millisecond) { // after the pause
		if time.Now().After(deadline) {
			t.Fatal("the session did not go on when the provider came back")
		}
	}
	s.forget()
	s.pass(2 * time.Hour)
	if b.isIn() {
		t.Error("signed in although the provider refuses the refresh token")
	}
	if b.session() != "" {
		t.Error("the cookie of a session that has ended is kept")
	}
}

// An answer that is lost is asked for again within the grace of the rotation.
func TestLostExchange(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	grace := userpool.Duration(time.Minute)
	s.behaviour.Set(userpool.Knobs{RotationGrace: &grace, Faults: map[string]userpool.Fault{"/oauth2/token": {Times: 1, Lost: true, Reset: true}}})
	s.pass(2 * time.Hour)
	before := s.exchanges()
	if !b.isIn() || s.exchanges()-before != 2 {
		t.Errorf("%d exchanges", s.exchanges()-before)
	}
}

// What was typed into a form is not lost when the session has ended meanwhile. Photos are chosen again.
func TestTypedTextIsKept(t *testing.T) {
	t.Parallel()
	b := startAlbum(t, "")
	b.s.forget()
	b.s.pass(2 * time.Hour)
	path := "/myphotos/" + strings.Repeat("0", 64) + "?search=sea"
	b.post(path, url.Values{"description": {"a long <story>"}, "version": {"7"}}).keeps(t, http.StatusForbidden,
		"You are signed out", "a long &lt;story&gt;</textarea>", `name="version" value="7"`, `action="`+path+`"`, `target="_blank"`)
	b.post("/myphotos/selection", url.Values{"do": {"save"}, "photo": {b.id.String()}, "tags": {"sea, light"}}).keeps(t, http.StatusForbidden,
		"sea, light</textarea>", `name="do" value="save"`, `name="photo" value="`+b.id.String()+`"`)
	b.upload("Two\r\nhills", map[string][]byte{"one.jpg": b.photo}).keeps(t, http.StatusForbidden,
		"You are signed out", "Two\r\nhills</textarea>", `action="/myphotos" enctype="multipart/form-data"`, `type="file" name="photos" multiple required`)
}

// keeps requires that an answer shows a form again, with each text.
func (a answer) keeps(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: %d, want %d", a.url, a.status, status)
	}
	for _, want := range append(texts, ">Send again</button>") {
		if !strings.Contains(a.body, want) {
			t.Errorf("%s: %d, no %s in %s", a.url, a.status, want, a.body)
		}
	}
}

// What was typed into a form that fails for another reason is not lost either.
func TestTypedTextOfFormsThatFail(t *testing.T) {
	t.Parallel()
	b := startAlbum(t, "")
	b.post("/myphotos/selection", url.Values{"do": {"save"}, "photo": {b.id.String()}, "description": {"a walk"}, "tags": {strings.Repeat("x", 200)}}).keeps(t, http.StatusBadRequest,
		"This did not work", "a walk</textarea>", "xxx</textarea>", `action="/myphotos/selection"`)
	long := strings.Repeat("é", 3000)
	b.upload(long, map[string][]byte{"one.jpg": b.photo}).keeps(t, http.StatusBadRequest,
		"The description has 6000 bytes.", "A description may have 4096 bytes.", long+"</textarea>", `type="file" name="photos"`)
	b.s.fail(userpool.Fault{Status: http.StatusInternalServerError})
	b.s.pass(2 * time.Hour)
	b.post(b.page, url.Values{"description": {"a walk"}}).keeps(t, http.StatusServiceUnavailable,
		"The sign-in service does not answer", "a walk</textarea>", `action="`+b.page+`"`)
}

// Two users in two browsers do not see each other's photos or sessions, and one of them can
// sign out everywhere.
func TestSessionsOfTwoUsers(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	firefox, chrome, bob := s.browser(), s.browser(), s.signedIn("bob")
	firefox.header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	chrome.header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36")
	firefox.signIn("ada", "/login")
	chrome.signIn("ada", "/login")
	page := firefox.get("/account").body
	if !strings.Contains(page, "Firefox on Linux") || !strings.Contains(page, "Chrome on Windows") || strings.Contains(page, "bob") || strings.Count(page, "this browser") != 1 {
		t.Errorf("the account's page: %s", page)
	}
	_, rest, _ := strings.Cut(page, `name="session" value="`)
	other, _, _ := strings.Cut(rest, `"`)
	if bob.post("/account/sessions", url.Values{"session": {other}}); !chrome.isIn() {
		t.Error("bob signed ada out")
	}
	if firefox.post("/account/sessions", url.Values{"session": {other}}); chrome.isIn() || !firefox.isIn() || !bob.isIn() {
		t.Error("not only the other browser is signed out")
	}
	chrome.get("/login")
	if firefox.post("/account/sessions", url.Values{"everywhere": {"1"}}); firefox.isIn() || chrome.isIn() || !bob.isIn() {
		t.Error("not every browser of ada's is signed out")
	}
}

// The database alone gives no session and no refresh token away.
func TestDatabaseGivesNoSessionAway(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	accounts, err := s.db.Accounts(t.Context())
	must(t, err)
	rows, err := s.db.Sessions(t.Context(), accounts[0].Owner, time.Hour)
	must(t, err)
	if len(rows) != 1 || strings.Contains(string(rows[0].Sealed), "eyJ") || strings.Contains(string(rows[0].Sealed), "ada") {
		t.Fatalf("%d rows: %q", len(rows), rows[0].Sealed)
	}
	thief := s.browser()
	thief.header.Set("Cookie", "photos-"+port(t, s.url)+"-session="+base64.RawURLEncoding.EncodeToString(rows[0].Hash[:]))
	if thief.isIn() {
		t.Error("the hash of the database is accepted as a cookie")
	}
	if !b.isIn() {
		t.Error("ada is signed out")
	}
}
