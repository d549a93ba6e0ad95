package signin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/testkit/freeport"
)

// visit is a browser that follows redirects and keeps the last page.
type visit struct {
	done   chan struct{}
	status int
	header http.Header
	body   string
}

func newVisit() *visit { return &visit{done: make(chan struct{})} }

func (v *visit) open(address string) error {
	defer close(v.done)
	resp, err := http.Get(address)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	v.status, v.header, v.body = resp.StatusCode, resp.Header, string(body)
	return err
}

// signInAddress returns the address to which the one-time address redirects.
func signInAddress(t *testing.T, address string) *url.URL {
	t.Helper()
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Get(address)
	if err != nil {
		t.Error(err)
		return &url.URL{}
	}
	defer resp.Body.Close()
	u, err := resp.Location()
	if err != nil {
		t.Errorf("%s: status %d, %v", address, resp.StatusCode, err)
		return &url.URL{}
	}
	return u
}

func options(t *testing.T, p *fakeProvider) (LoginOptions, *memory) {
	t.Helper()
	store := newMemory()
	return LoginOptions{
		Server: "http://127.0.0.1:8080", Provider: p.provider(), ClientID: p.clientID,
		RedirectURIs: []string{freeport.Redirect(t)}, Store: store, StateDir: t.TempDir(), Wait: 20 * time.Second,
	}, store
}

func TestLoginStoresThenTellsTheBrowser(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, store := options(t, p)
	browser := newVisit()
	o.Browser = browser.open
	saved := Session{}
	o.Save = func(s Session) error {
		select {
		case <-browser.done:
			t.Error("the browser has its page before the profile is saved")
		default:
		}
		saved = s
		return nil
	}
	session, err := Login(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	<-browser.done
	if session != saved || session.Account != (oidc.Account{Subject: "5f0c", Name: "Ada", Email: "ada@example.org"}) {
		t.Errorf("session = %+v, saved = %+v", session, saved)
	}
	if browser.status != 200 || !strings.Contains(browser.body, "Ada &lt;ada@example.org&gt;") {
		t.Errorf("page %d: %s", browser.status, browser.body)
	}
	if browser.header.Get("Content-Length") == "" {
		t.Error("the page has no length: a program that ends would cut it off")
	}
	if csp := browser.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("CSP = %q", csp)
	}
	c := credential{id: session.Credential, store: store}
	refresh, err := c.refresh(t.Context())
	if err != nil || !p.works(refresh) {
		t.Errorf("stored refresh token %v works: no (%v)", refresh, err)
	}
	if n := len(store.keys()); n != 2 {
		t.Errorf("%d entries in the store, want refresh and access: %q", n, store.keys())
	}
	want := map[string]int{"/oauth2/authorize": 1, "/oauth2/token": 1, "/pool/.well-known/jwks.json": 1}
	p.with(func(p *fakeProvider) {
		for path, n := range p.calls {
			if want[path] != n {
				t.Errorf("%d requests to %s, want %d", n, path, want[path])
			}
		}
	})
}

// TestLoginIgnoresOtherRequests sends requests to the callback port that are not the reply.
func TestLoginIgnoresOtherRequests(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, _ := options(t, p)
	var talk bytes.Buffer
	o.Out = &talk
	redirect, _ := url.Parse(o.RedirectURIs[0])
	browser := newVisit()
	o.Browser = func(address string) error {
		signIn := signInAddress(t, address)
		state := signIn.Query().Get("state")
		for _, other := range []struct{ method, host, target string }{
			{"GET", redirect.Host, "/favicon.ico"},
			{"GET", redirect.Host, "/callback"},
			{"GET", redirect.Host, "/callback?code=x"},
			{"GET", redirect.Host, "/callback?code=x&state=wrong"},
			{"GET", redirect.Host, "/callback?error=access_denied&state=wrong"},
			{"GET", redirect.Host, "/callback?error=server_error"},
			{"GET", redirect.Host, "/callback?code=x&code=y&state=" + state},
			{"GET", redirect.Host, "/callback?code=x&error=y&state=" + state},
			{"GET", redirect.Host, "/other?code=x&state=" + state},
			{"GET", "evil.example:" + redirect.Port(), "/callback?code=x&state=" + state},
			{"GET", "localhost:" + redirect.Port(), "/callback?code=x&state=" + state},
			{"POST", redirect.Host, "/callback?code=x&state=" + state},
			{"HEAD", redirect.Host, "/callback?code=x&state=" + state},
		} {
			req, _ := http.NewRequest(other.method, "http://"+redirect.Host+other.target, nil)
			req.Host = other.host
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Errorf("%v: %v", other, err)
				continue
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%v: status %d, want 400", other, resp.StatusCode)
			}
		}
		return browser.open(signIn.String())
	}
	if _, err := Login(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(talk.String(), "server_error; still waiting, press Ctrl-C to cancel") {
		t.Errorf("the output does not show the error without state:\n%s", &talk)
	}
}

func TestLoginShowsARepeatedReplyTheSamePage(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, _ := options(t, p)
	talk := newTalk()
	o.Out = talk
	first, second := newVisit(), newVisit()
	o.Save = func(Session) error { go func() { _ = second.open(talk.callback()) }(); return nil }
	go func() { _ = first.open(talk.callback()) }()
	if _, err := Login(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	<-first.done
	<-second.done
	if first.status != 200 {
		t.Errorf("first page: status %d, %s", first.status, first.body)
	}
	if n := p.count("/oauth2/token"); n != 1 {
		t.Errorf("%d exchanges, want 1", n)
	}
}

// talk collects the output and finds the sign-in address in it.
type talk struct {
	mu    sync.Mutex
	text  strings.Builder
	ready chan struct{}
	once  sync.Once
	url   string
	back  string
}

func newTalk() *talk { return &talk{ready: make(chan struct{})} }

func (w *talk) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(b)
	for _, field := range strings.Fields(string(b)) {
		if strings.Contains(field, "/oauth2/authorize?") || strings.Contains(field, "/signup?") {
			w.once.Do(func() { w.url = field; close(w.ready) })
		}
	}
	return len(b), nil
}

func (w *talk) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// callback signs in at the provider and returns the address to which it redirects.
func (w *talk) callback() string {
	<-w.ready
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.back == "" {
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.Get(w.url)
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		w.back = resp.Header.Get("Location")
	}
	return w.back
}

func TestLoginByPaste(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, _ := options(t, p)
	talk := newTalk()
	o.Out = talk
	lines := make(chan string, 3)
	o.Lines = lines
	go func() {
		back := talk.callback()
		lines <- "what?"
		lines <- strings.Replace(back, "state=", "state=x", 1)
		lines <- "  '" + back + "' "
		close(lines)
	}()
	session, err := Login(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if session.Account.Name != "Ada" {
		t.Errorf("account = %+v", session.Account)
	}
	for _, want := range []string{"not the address at which the browser ends", "that address belongs to another sign-in"} {
		if !strings.Contains(talk.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, talk)
		}
	}
}

func TestLoginFails(t *testing.T) {
	t.Parallel()
	refuse := func(query string) func(*fakeProvider, *LoginOptions) {
		return func(_ *fakeProvider, o *LoginOptions) {
			o.Browser = func(address string) error {
				u := signInAddress(t, address)
				return newVisit().open(u.Query().Get("redirect_uri") + "?" + query + "&state=" + u.Query().Get("state"))
			}
		}
	}
	claim := func(name string, value any) func(*fakeProvider, *LoginOptions) {
		return func(p *fakeProvider, _ *LoginOptions) {
			p.claims = func(c map[string]any) { c[name] = value }
		}
	}
	for name, test := range map[string]struct {
		prepare func(*fakeProvider, *LoginOptions)
		kind    auth.Kind
		text    string
	}{
		"cancelled by the user":   {refuse("error=access_denied"), auth.Denied, "cancelled in the browser"},
		"refused by the provider": {refuse("error=invalid_scope&error_description=no%1b[31m"), auth.Denied, "invalid_scope (no\ufffd[31m)"},
		"code refused":            {refuse("code=unknown"), auth.Denied, "refuses the grant"},
		"time limit": {func(_ *fakeProvider, o *LoginOptions) {
			o.Browser, o.Wait = nil, time.Millisecond
		}, auth.TimedOut, "was not finished within"},
		"token endpoint down": {func(p *fakeProvider, _ *LoginOptions) {
			p.faults = []http.HandlerFunc{status(503)}
		}, auth.Unavailable, "status 503"},
		"wrong nonce":     {claim("nonce", "other"), auth.Untrusted, "nonce"},
		"wrong issuer":    {claim("iss", "https://evil.example"), auth.Untrusted, `made by "https://evil.example"`},
		"wrong audience":  {claim("aud", "other"), auth.Untrusted, "does not verify"},
		"second audience": {claim("aud", []string{"cli", "other"}), auth.Untrusted, "other clients"},
		"an access token": {claim("token_use", "access"), auth.Untrusted, "token_use"},
		"no token_use":    {claim("token_use", ""), auth.Untrusted, "has no token_use"},
		"expired":         {claim("exp", time.Now().Add(-2*time.Minute).Unix()), auth.Untrusted, "does not verify"},
		"wrong signature": {func(p *fakeProvider, _ *LoginOptions) {
			p.signingKey = newKey()
		}, auth.Untrusted, "does not verify"},
		"profile not saved": {func(_ *fakeProvider, o *LoginOptions) {
			o.Save = func(Session) error { return errors.New("disk full") }
		}, auth.Internal, "disk full"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newFakeProvider(t)
			o, store := options(t, p)
			browser := newVisit()
			o.Browser = browser.open
			test.prepare(p, &o)
			_, err := Login(t.Context(), o)
			if auth.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.text) {
				t.Errorf("err = %v (%s), want %s with %q", err, auth.KindOf(err), test.kind, test.text)
			}
			if keys := store.keys(); len(keys) != 0 {
				t.Errorf("left in the store: %q", keys)
			}
			if n := p.working(); n != 0 {
				t.Errorf("%d refresh tokens still work", n)
			}
		})
	}
}

func TestLoginProbesTheStoreBeforeTheBrowser(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, store := options(t, p)
	store.fail = &auth.Error{Kind: auth.Keyring, Msg: "locked"}
	o.Browser = func(string) error { t.Error("browser opened"); return nil }
	if _, err := Login(t.Context(), o); auth.KindOf(err) != auth.Keyring {
		t.Errorf("err = %v, want kind %s", err, auth.Keyring)
	}
}

func TestLoginTakesTheNextFreePort(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, _ := options(t, p)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	taken := "http://" + busy.Addr().String() + "/callback"
	o.RedirectURIs = []string{taken, o.RedirectURIs[0]}
	browser := newVisit()
	o.Browser = browser.open
	if _, err := Login(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	o.RedirectURIs = []string{taken}
	if _, err := Login(t.Context(), o); auth.KindOf(err) != auth.PortsTaken || !strings.Contains(err.Error(), busy.Addr().String()) {
		t.Errorf("err = %v, want %s naming the port", err, auth.PortsTaken)
	}
}

func TestLoginEndsAtOnceWhenInterrupted(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	o, _ := options(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	o.Browser = func(string) error { cancel(); return nil }
	began := time.Now()
	if _, err := Login(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want canceled", err)
	}
	if took := time.Since(began); took > 10*time.Second { // it would wait for 20
		t.Errorf("took %s", took)
	}
}

func TestLoginWithAClockThatIsOff(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		p := newFakeProvider(t)
		p.with(func(p *fakeProvider) { p.clock = off })
		o, _ := options(t, p)
		var talk bytes.Buffer
		o.Out, o.Browser = &talk, newVisit().open
		if _, err := Login(t.Context(), o); err != nil {
			t.Fatalf("%s: %v", off, err)
		}
		if n := strings.Count(talk.String(), "clock"); n != 1 {
			t.Errorf("%s: %d warnings, want 1:\n%s", off, n, &talk)
		}
	}
}

func TestSSHCommand(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ssh  SSH
		want string
	}{
		{SSH{}, ""},
		{SSH{Connection: "garbage"}, ""},
		{SSH{Connection: "10.0.0.9 50022 10.0.0.1 22", User: "ada"}, "ssh -N -L 18484:localhost:18484 -L 8080:localhost:8080 ada@10.0.0.1"},
		{SSH{Connection: "fe80::9 50022 fe80::1 2222"}, "ssh -N -L 18484:localhost:18484 -L 8080:localhost:8080 -p 2222 fe80::1"},
	} {
		got := test.ssh.command("18484", "http://127.0.0.1:8080", "https://auth.example.org/oauth2/authorize", "http://localhost:8080/oauth2/authorize")
		if got != test.want {
			t.Errorf("%+v: %q, want %q", test.ssh, got, test.want)
		}
	}
}
