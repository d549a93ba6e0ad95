package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"photos/internal/redirect"
	"photos/internal/text"
)

// Session is one sign-in, as a profile keeps it: plain data, nothing secret. The tokens
// lie in the store, under the credential's name.
type Session struct {
	Provider     Provider  `json:"provider"`
	ClientID     string    `json:"client_id"`
	Confidential bool      `json:"confidential,omitempty"` // the client has a secret, which lies in the store
	Credential   string    `json:"credential"`             // random name of the entries in the store
	Account      Account   `json:"account"`
	SignedInAt   time.Time `json:"signed_in_at"`
}

// LoginOptions say where and how to sign in.
type LoginOptions struct {
	Server       string // shown to the person; its port is forwarded over SSH
	Provider     Provider
	ClientID     string
	ClientSecret Secret   // zero: a public client
	RedirectURIs []string // the registered ones, in order of preference; empty: redirect.URIs

	IdentityProvider string // goes straight to one provider of the pool, such as LoginWithAmazon
	LoginHint        string // fills in the user name
	SignUp           bool   // starts at the page for new accounts

	Store    Store
	StateDir string
	// Save keeps the session in the profile. It is called after the tokens are stored
	// and before the browser is told; its failure undoes the sign-in.
	Save func(Session) error

	Talk    io.Writer              // what the person reads; the URL is always among it
	Lines   <-chan string          // what the person types, line by line; nil: nobody types
	Browser func(url string) error // opens a browser, may block; nil: only print
	SSH     SSH                    // set when the person sits at another machine
	Wait    time.Duration          // for the person; 0: 15 minutes

	HTTP http.RoundTripper // nil: http.DefaultTransport
	Now  func() time.Time  // nil: time.Now
}

const (
	defaultWait = 15 * time.Minute
	maxReports  = 3 // errors nobody can vouch for that are shown; any page can send some
)

// attempt is one sign-in under way: what was sent, to be held against what comes back.
type attempt struct {
	LoginOptions
	door     *door
	state    string
	nonce    string
	verifier Secret // PKCE (RFC 7636)
}

// Login signs a person in. The order is the point: the port is ours and the store works
// before a browser is opened; the browser hears of success after tokens and profile are
// stored.
func Login(ctx context.Context, o LoginOptions) (Session, error) {
	o = o.withDefaults()
	d, err := newDoor(ctx, o.RedirectURIs)
	if err != nil {
		return Session{}, err
	}
	defer d.close()
	if err := Probe(ctx, o.Store); err != nil {
		return Session{}, err
	}
	a := &attempt{LoginOptions: o, door: d, state: rand.Text(), nonce: rand.Text(), verifier: NewSecret(oauth2.GenerateVerifier())}
	target := ""
	if a.Browser != nil {
		target = a.url()
	}
	d.open(a.state, target)
	code, err := a.converse(ctx)
	if err != nil {
		d.settle(failedPage(err))
		return Session{}, err
	}
	session, err := a.finish(ctx, code)
	if err != nil {
		d.settle(failedPage(err))
		return Session{}, err
	}
	d.settle(signedInPage(session.Account, o.Server))
	return session, nil
}

func (o LoginOptions) withDefaults() LoginOptions {
	if len(o.RedirectURIs) == 0 {
		o.RedirectURIs = redirect.URIs()
	}
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Talk == nil {
		o.Talk = io.Discard
	}
	return o
}

// url is where the person signs in.
func (a *attempt) url() string {
	conf := a.endpoint().config(a.door.redirectURI(), []string{"openid"})
	if a.SignUp {
		conf.Endpoint.AuthURL = a.Provider.Domain() + "/signup"
	}
	params := []oauth2.AuthCodeOption{
		oauth2.S256ChallengeOption(a.verifier.Reveal()),
		oauth2.SetAuthURLParam("nonce", a.nonce),
	}
	for name, value := range map[string]string{"identity_provider": a.IdentityProvider, "login_hint": a.LoginHint} {
		if value != "" {
			params = append(params, oauth2.SetAuthURLParam(name, value))
		}
	}
	return conf.AuthCodeURL(a.state, params...)
}

func (a *attempt) endpoint() endpoint {
	return endpoint{provider: a.Provider, clientID: a.ClientID, secret: a.ClientSecret, rt: a.HTTP, now: a.Now}
}

// converse shows the URL, starts the browser, and waits for the code: from the browser,
// or from the person; whichever comes first.
func (a *attempt) converse(ctx context.Context) (Secret, error) {
	timer := time.NewTimer(a.Wait)
	defer timer.Stop()
	a.invite()
	browser := a.openBrowser()
	reports := 0
	for {
		select {
		case given := <-a.door.replies:
			return given.code, given.err()
		case given := <-a.door.hearsay:
			if reports++; reports <= maxReports {
				a.say("the sign-in page reported: %s; still waiting; Ctrl-C ends", given.told())
			}
		case <-a.door.start.rivaled:
			return Secret{}, openedTwice()
		case line, open := <-a.Lines:
			if !open {
				a.Lines = nil // end of input: nobody types any more
				continue
			}
			given, err := parsePasted(line, a.door.redirect)
			if err == nil && given.meansFor(a.state) == final {
				return given.code, given.err()
			}
			a.refusePaste(err)
		case err := <-browser:
			a.say("could not open a browser (%s): open the address above yourself", text.Cut(err.Error(), 200))
		case <-timer.C:
			return Secret{}, &Error{Kind: TimedOut, Msg: fmt.Sprintf("nobody finished the sign-in within %s", a.Wait),
				Hint: "if the browser showed redirect_mismatch, register " + a.door.redirectURI() + " with the app client; else photos login again"}
		case <-ctx.Done():
			return Secret{}, ctx.Err()
		}
	}
}

func (a *attempt) refusePaste(err error) {
	if err == nil {
		a.say("that address belongs to another sign-in; still waiting; Ctrl-C ends")
		return
	}
	a.say("%s; still waiting; Ctrl-C ends", err)
}

// invite says what the person has to do. The URL stands alone on its line.
func (a *attempt) invite() {
	a.say("To sign in to %s, open this address in a browser:\n\n  %s\n", a.Server, a.url())
	if forward := a.SSH.command(a.door.port(), a.Server, a.Provider.AuthorizationEndpoint); forward != "" {
		a.say("From the machine you sit at, first let the browser reach this one:\n\n  %s\n", forward)
	}
	if a.Lines != nil {
		a.say("If the browser ends on \"cannot connect\", paste the address it shows here.")
	}
}

func (a *attempt) say(format string, args ...any) {
	_, _ = fmt.Fprintln(a.Talk, text.Sprintf(format, args...))
}

// openBrowser starts the browser beside us, since some browsers only return when
// closed. What comes is a failure to start.
func (a *attempt) openBrowser() <-chan error {
	failed := make(chan error, 1)
	if a.Browser == nil {
		return failed
	}
	go func() {
		if err := a.Browser(a.door.startAddress()); err != nil {
			failed <- err
		}
	}()
	return failed
}

// finish redeems the code, checks who signed in, and stores everything. What cannot be
// kept is given back: an unused refresh token would live for years.
func (a *attempt) finish(ctx context.Context, code Secret) (Session, error) {
	g, err := a.endpoint().redeemCode(ctx, a.door.redirectURI(), code, a.verifier)
	if err != nil {
		return Session{}, err
	}
	session, err := a.keep(ctx, g)
	if err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = a.endpoint().revoke(undo, g.refresh)
		return Session{}, err
	}
	return session, nil
}

func (a *attempt) keep(ctx context.Context, g grant) (Session, error) {
	if worthTelling(g.skew, 0) {
		a.say("%s", ClockWarning(g.skew))
	}
	account, err := verifyID(ctx, a.HTTP, a.Provider, a.ClientID, g.idToken, a.nonce, a.Now().Add(g.skew))
	if err != nil {
		return Session{}, err
	}
	if g.refresh.IsZero() {
		return Session{}, &Error{Kind: Misconfigured, Msg: "the provider gave no refresh token",
			Hint: "allow the authorization code flow for this app client"}
	}
	session := Session{
		Provider: a.Provider, ClientID: a.ClientID, Confidential: !a.ClientSecret.IsZero(),
		Credential: newCredentialID(), Account: account, SignedInAt: a.Now(),
	}
	c := credential{id: session.Credential, store: a.Store}
	err = a.storeTokens(ctx, c, g)
	if err == nil && a.Save != nil {
		err = a.Save(session)
	}
	if err != nil {
		_ = c.forget(context.WithoutCancel(ctx))
		_ = stateFile{a.StateDir, c.id}.remove()
		return Session{}, err
	}
	return session, nil
}

func (a *attempt) storeTokens(ctx context.Context, c credential, g grant) error {
	if !a.ClientSecret.IsZero() {
		if err := c.setClientSecret(ctx, a.ClientSecret); err != nil {
			return err
		}
	}
	if err := c.setRefresh(ctx, g.refresh); err != nil {
		return err
	}
	if err := c.setAccess(ctx, g.access); err != nil {
		return err
	}
	return stateFile{a.StateDir, c.id}.write(State{RefreshedAt: g.access.Obtained, AccessUntil: g.access.Expiry, ClockOff: g.skew})
}

// ClockWarning says that the provider's clock is off ahead of ours.
func ClockWarning(off time.Duration) string {
	direction := "behind"
	if off < 0 {
		direction = "ahead of"
	}
	return fmt.Sprintf("this machine's clock is %s %s the sign-in provider's; allowed for, but better set it", off.Abs(), direction)
}
