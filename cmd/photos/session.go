package main

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"time"

	"photos/internal/accesskey"
	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
	"photos/internal/auth/signin"
	"photos/internal/buildinfo"
	"photos/internal/client"
	"photos/internal/photo"
)

// connect returns a client that is signed in at the service which the settings select.
func (e *env) connect() (*client.Client, error) { return e.connectFor(run{}) }

// endless is a time to wait for a service that no user waits to the end.
const endless = 10 * 365 * 24 * time.Hour

// run says how a client is used by a command that transfers many photos.
type run struct {
	rate   int64         // bytes per second of all photos; 0: no limit
	outage time.Duration // how long to wait for a service that is away; 0: as long as for a single request
}

// connectFor returns a client for a run.
func (e *env) connectFor(r run) (*client.Client, error) {
	server, source, err := e.signedIn()
	if err != nil {
		return nil, err
	}
	return e.newClient(server, source, r)
}

// connectProfile returns a client for a run with a profile that the settings need not select.
func (e *env) connectProfile(p profile, r run) (*client.Client, error) {
	source, err := e.tokenSource(p)
	if err != nil {
		return nil, err
	}
	return e.newClient(p.Server, source, r)
}

func (e *env) newClient(server string, source signin.TokenSource, r run) (*client.Client, error) {
	origin, err := auth.Origin(server)
	if err != nil {
		return nil, fromAuth(err)
	}
	pieces := newPieceCache(e, server)
	return client.New(client.Options{
		Server: server, Patience: e.set.Timeout, Rate: r.rate, Outage: r.outage, Away: e.sayAway, Back: e.sayBack, Agent: "photos/" + buildinfo.Version(),
		Piece: pieces.read(), Learned: pieces.write,
		Transport: &signin.Transport{Base: e.network, Source: source, Origin: origin},
	})
}

// sayAway tells the user that the command waits for the service.
func (e *env) sayAway(reason error, until time.Time) {
	if time.Until(until) > endless/2 {
		e.Say("photos: %v; waiting for the service", reason)
		return
	}
	e.Say("photos: %v; waiting for the service until %s", reason, until.Format(time.TimeOnly))
}

func (e *env) sayBack() { e.Say("photos: the service is back") }

// signedIn returns the selected service and the source of its access tokens. A token that
// the environment gives is used as it is; otherwise the session of the selected profile
// makes them.
func (e *env) signedIn() (server string, source signin.TokenSource, err error) {
	token, variable, err := e.givenToken()
	if err != nil {
		return "", nil, err
	}
	if variable != "" {
		if !accesskey.Looks(token.Reveal()) {
			e.tokenFrom = variable
		}
		return e.set.Server, signin.Fixed{Value: token}, nil
	}
	p, err := e.profiles().selected(e.set)
	if err != nil {
		return "", nil, err
	}
	session, err := e.tokenSource(p)
	return p.Server, session, err
}

// tokenSource returns the access tokens of a profile's session.
func (e *env) tokenSource(p profile) (signin.TokenSource, error) {
	store, err := e.store(p.Store)
	if err != nil {
		return nil, err
	}
	return tokens{signin.NewSource(signin.SourceOptions{
		Session: p.Session, Store: store, StateDir: e.set.sessionsDir(), Patience: e.set.Timeout,
		Waiting: e.sayWaiting, ClockOff: func(off time.Duration) { e.Warn("%s", signin.ClockWarning(off)) },
		HTTP: e.network, Now: e.now, StoredOnly: e.completing,
	})}, nil
}

// How long a call of the keyring may take. On a terminal, the user may have to type the
// password of the keyring first.
const (
	keyringLimit         = 3 * time.Second
	keyringLimitTerminal = time.Minute
)

// store returns the store of tokens that a profile names.
func (e *env) store(name string) (secret.Store, error) {
	switch name {
	case "keyring":
		o := secret.KeyringOptions{Service: "photos", Limit: keyringLimit}
		if e.Interactive() {
			o.Limit = keyringLimitTerminal
			o.Slow = func() { e.Say("waiting for the keyring to be unlocked") }
		}
		return secret.NewKeyring(o), nil
	case "file":
		return secret.NewFileStore(filepath.Join(e.set.dir, "credentials")), nil
	}
	return nil, &photo.Error{Kind: photo.KindUsage, Msg: "the profile names an unknown store " + quote(name),
		Hint: "run 'photos login' to recreate it"}
}

// browser returns the function that opens an address in the user's browser.
func (e *env) browser() func(address string) error {
	if e.browse != nil {
		return e.browse
	}
	return signin.Browser(e.set.Browser, systemBrowser()...)
}

// sayWaiting says which process holds the lock of the session.
func (e *env) sayWaiting(pid int) {
	if pid == 0 {
		e.Say("photos: waiting for another process to refresh the session")
		return
	}
	e.Say("photos: waiting for process %d to refresh the session", pid)
}

// tokens is a session whose errors have the kinds of package photo, so that the client can
// tell a lost session from a lost connection.
type tokens struct{ *signin.Source }

func (t tokens) Token(ctx context.Context) (oidc.Token, error) {
	token, err := t.Source.Token(ctx)
	return token, fromAuth(err)
}

// kindsOfAuth maps the kinds of package auth to those of package photo. One that is not
// here becomes photo.KindInternal.
var kindsOfAuth = map[auth.Kind]photo.Kind{
	auth.NotSignedIn:   photo.KindNotSignedIn,
	auth.SessionEnded:  photo.KindNotSignedIn,
	auth.Denied:        photo.KindForbidden,
	auth.TimedOut:      photo.KindForbidden,
	auth.Unavailable:   photo.KindUnavailable,
	auth.Keyring:       photo.KindKeyring,
	auth.Untrusted:     photo.KindForbidden,
	auth.Unconfirmed:   photo.KindUsage,
	auth.Misconfigured: photo.KindProtocol,
	auth.PortsTaken:    photo.KindForbidden,
}

// fromAuth converts an error of package auth. It returns other errors as they are.
func fromAuth(err error) error {
	e, ok := errors.AsType[*auth.Error](err)
	if !ok {
		return err
	}
	kind, ok := kindsOfAuth[e.Kind]
	if !ok {
		kind = photo.KindInternal
	}
	return &photo.Error{Kind: kind, Msg: e.Msg, Hint: cmp.Or(client.HintOfTLS(e.Err), e.Hint), Err: e.Err}
}
