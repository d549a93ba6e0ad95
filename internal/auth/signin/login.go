package signin

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
	"photos/internal/redirect"
	"photos/internal/text"
)

// Session is one sign-in, as a profile keeps it. It holds no secret: the tokens are in
// the store, under the credential's name.
type Session struct {
	Provider     oidc.Provider `json:"provider"`
	ClientID     string        `json:"client_id"`
	Confidential bool          `json:"confidential,omitempty"` // the client has a secret, which is in the store
	Credential   string        `json:"credential"`             // random name of the entries in the store
	Account      oidc.Account  `json:"account"`
	SignedInAt   time.Time     `json:"signed_in_at"`
}

// LoginOptions are the settings of [Login].
type LoginOptions struct {
	Server       string // shown to the user; its port is forwarded over SSH
	Provider     oidc.Provider
	ClientID     string
	ClientSecret auth.Secret // zero: a public client
	RedirectURIs []string    // the registered ones, in order of preference; empty: those of package redirect

	IdentityProvider string // goes straight to one provider of the pool, such as LoginWithAmazon
	LoginHint        string // fills in the user name
	SignUp           bool   // starts at the page for new accounts

	Store    secret.Store
	StateDir string
	// Save keeps the session in the profile. It is called after the tokens are stored
	// and before the browser shows the result. Its failure undoes the sign-in.
	Save func(Session) error

	Out     io.Writer              // messages for the user; the sign-in address is always among them
	Lines   <-chan string          // lines that the user types; nil: nobody types
	Browser func(url string) error // opens a browser, and may block; nil: only print the address
	SSH     SSH                    // set if the user is at another machine
	Wait    time.Duration          // for the user; 0: 15 minutes

	HTTP http.RoundTripper // nil: http.DefaultTransport
	Now  func() time.Time  // nil: time.Now
}

const (
	defaultWait   = 15 * time.Minute
	maxUnverified = 3 // how many unverified errors are shown; any web page can send them
)

// attempt is one sign-in that is in progress: what was sent, to be compared with the
// reply.
type attempt struct {
	LoginOptions
	callback *callbackServer
	client   oidc.Client
	state    string
	nonce    string
	verifier auth.Secret // PKCE (RFC 7636)
}

// Login signs a user in. It takes a port and tests the store before it opens a browser.
// The browser shows success after tokens and profile are stored.
//
// An error is of kind Denied, TimedOut, Untrusted, Unavailable, Misconfigured, Keyring or
// PortsTaken; or it is context.Canceled, or the error of Save. After an error nothing is
// left in the store.
func Login(ctx context.Context, o LoginOptions) (Session, error) {
	o = o.withDefaults()
	callback, err := newCallbackServer(ctx, o.RedirectURIs)
	if err != nil {
		return Session{}, err
	}
	defer callback.close()
	if err := secret.Probe(ctx, o.Store); err != nil {
		return Session{}, err
	}
	a := newAttempt(o, callback)
	target := ""
	if a.Browser != nil {
		target = a.url()
	}
	callback.serve(a.state, target)
	session, err := a.run(ctx)
	if err != nil {
		callback.finish(failedPage(err))
		return Session{}, err
	}
	callback.finish(signedInPage(session.Account, o.Server))
	return session, nil
}

func newAttempt(o LoginOptions, callback *callbackServer) *attempt {
	return &attempt{
		LoginOptions: o, callback: callback,
		client: oidc.Client{Provider: o.Provider, ID: o.ClientID, Secret: o.ClientSecret, HTTP: o.HTTP, Now: o.Now},
		state:  rand.Text(), nonce: rand.Text(), verifier: oidc.NewVerifier(),
	}
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
	if o.Out == nil {
		o.Out = io.Discard
	}
	return o
}

// url returns the address at which the user signs in.
func (a *attempt) url() string {
	return a.client.AuthorizationURL(oidc.Authorization{
		RedirectURI: a.callback.redirectURI(), State: a.state, Nonce: a.nonce, Verifier: a.verifier,
		IdentityProvider: a.IdentityProvider, LoginHint: a.LoginHint, SignUp: a.SignUp,
	})
}

// run obtains a code, exchanges it and stores the session.
func (a *attempt) run(ctx context.Context) (Session, error) {
	a.printAddress()
	code, err := a.waitForCode(ctx, a.openBrowser())
	if err != nil {
		return Session{}, err
	}
	return a.redeem(ctx, code)
}

// waitForCode waits for the code from the browser or from a line that the user pastes.
// browserFailed receives the error of a browser that did not start.
func (a *attempt) waitForCode(ctx context.Context, browserFailed <-chan error) (auth.Secret, error) {
	timer := time.NewTimer(a.Wait)
	defer timer.Stop()
	shown := 0
	for {
		select {
		case given := <-a.callback.replies:
			return given.code, given.err()
		case given := <-a.callback.unverified:
			if shown++; shown <= maxUnverified {
				a.print("the sign-in page reported: %s; still waiting, press Ctrl-C to cancel", given.message())
			}
		case <-a.callback.start.openedTwice:
			return auth.Secret{}, openedTwiceError()
		case line, open := <-a.Lines:
			if !open {
				a.Lines = nil // the end of the input
				continue
			}
			given, err := parsePasted(line, a.callback.redirect)
			if err == nil && given.relationTo(a.state) == verified {
				return given.code, given.err()
			}
			a.refusePasted(err)
		case err := <-browserFailed:
			a.print("could not open a browser (%s): open the address above yourself", text.Cut(err.Error(), 200))
		case <-timer.C:
			return auth.Secret{}, a.timedOut()
		case <-ctx.Done():
			return auth.Secret{}, ctx.Err()
		}
	}
}

func (a *attempt) timedOut() error {
	return &auth.Error{Kind: auth.TimedOut, Msg: fmt.Sprintf("the sign-in was not finished within %s", a.Wait),
		Hint: "if the browser showed redirect_mismatch, register " + a.callback.redirectURI() + " with the app client; else photos login again"}
}

// refusePasted says why a pasted line is not used. err is nil if the line is the reply to
// another sign-in.
func (a *attempt) refusePasted(err error) {
	if err == nil {
		a.print("that address belongs to another sign-in; still waiting, press Ctrl-C to cancel")
		return
	}
	a.print("%s; still waiting, press Ctrl-C to cancel", err)
}

// printAddress tells the user where to sign in. The address is alone on its line.
func (a *attempt) printAddress() {
	a.print("To sign in to %s, open this address in a browser:\n\n  %s\n", a.Server, a.url())
	if forward := a.SSH.command(a.callback.port(), a.Server, a.Provider.AuthorizationEndpoint); forward != "" {
		a.print("Before that, run this on the machine with the browser:\n\n  %s\n", forward)
	}
	if a.Lines != nil {
		a.print("If the browser shows \"cannot connect\" at the end, paste its address here.")
	}
}

func (a *attempt) print(format string, args ...any) {
	_, _ = fmt.Fprintln(a.Out, text.Sprintf(format, args...))
}

// openBrowser starts the browser in a goroutine, because some browsers return only when
// they are closed. The channel receives an error if it does not start.
func (a *attempt) openBrowser() <-chan error {
	failed := make(chan error, 1)
	if a.Browser == nil {
		return failed
	}
	go func() {
		if err := a.Browser(a.callback.startAddress()); err != nil {
			failed <- err
		}
	}()
	return failed
}

// redeem exchanges the code and stores the session. It revokes the refresh token if the
// session cannot be stored, because the token would be valid for a long time.
func (a *attempt) redeem(ctx context.Context, code auth.Secret) (Session, error) {
	tokens, err := a.client.Redeem(ctx, a.callback.redirectURI(), code, a.verifier)
	if err != nil {
		return Session{}, err
	}
	session, err := a.store(ctx, tokens)
	if err != nil {
		revoking, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = a.client.Revoke(revoking, tokens.Refresh)
		return Session{}, err
	}
	return session, nil
}

// store checks who signed in, and stores tokens and profile. If it fails, it removes what
// it has stored.
func (a *attempt) store(ctx context.Context, tokens oidc.Tokens) (Session, error) {
	if shouldWarn(tokens.ClockOff, 0) {
		a.print("%s", ClockWarning(tokens.ClockOff))
	}
	account, err := a.client.VerifyID(ctx, tokens, a.nonce)
	if err != nil {
		return Session{}, err
	}
	if tokens.Refresh.IsZero() {
		return Session{}, &auth.Error{Kind: auth.Misconfigured, Msg: "the provider gave no refresh token",
			Hint: "allow the authorization code flow for this app client"}
	}
	session := Session{
		Provider: a.Provider, ClientID: a.ClientID, Confidential: !a.ClientSecret.IsZero(),
		Credential: newCredentialID(), Account: account, SignedInAt: a.Now(),
	}
	c := credential{id: session.Credential, store: a.Store}
	err = a.storeTokens(ctx, c, tokens)
	if err == nil && a.Save != nil {
		err = a.Save(session)
	}
	if err != nil {
		_ = c.remove(context.WithoutCancel(ctx))
		_ = stateFile{a.StateDir, c.id}.remove()
		return Session{}, err
	}
	return session, nil
}

func (a *attempt) storeTokens(ctx context.Context, c credential, tokens oidc.Tokens) error {
	if !a.ClientSecret.IsZero() {
		if err := c.setClientSecret(ctx, a.ClientSecret); err != nil {
			return err
		}
	}
	if err := c.setRefresh(ctx, tokens.Refresh); err != nil {
		return err
	}
	if err := c.setAccess(ctx, tokens.Access); err != nil {
		return err
	}
	return stateFile{a.StateDir, c.id}.write(State{RefreshedAt: tokens.Access.Obtained, AccessUntil: tokens.Access.Expiry, ClockOff: tokens.ClockOff})
}
