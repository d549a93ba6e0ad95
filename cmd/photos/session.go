package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"photos/internal/accesskey"
	"photos/internal/auth"
	"photos/internal/buildinfo"
	"photos/internal/client"
	"photos/internal/photo"
)

// How long a call to the keyring may take: on a terminal someone may have to type the
// keyring's password first.
const (
	keyringLimit         = 3 * time.Second
	keyringLimitTerminal = time.Minute
)

// connect is a client for the service the settings select, signed in.
func (e *env) connect(_ context.Context) (*client.Client, error) {
	server, source, err := e.signedIn()
	if err != nil {
		return nil, err
	}
	origin, err := auth.Origin(server)
	if err != nil {
		return nil, fromAuth(err)
	}
	pieces := e.pieces(server)
	return client.New(client.Options{
		Server: server, Patience: e.set.Timeout, Rate: e.set.rate, Agent: "photos/" + buildinfo.Version(),
		Piece: pieces.read(), Learned: pieces.write,
		Transport: &auth.Transport{Base: e.network, Source: source, Origin: origin},
	})
}

// signedIn is the service to talk to and where its tokens come from: the token that the
// environment gives, used exactly as it is, or the selected profile's session.
func (e *env) signedIn() (server string, source auth.TokenSource, err error) {
	token, variable, err := e.givenToken()
	if err != nil {
		return "", nil, err
	}
	if variable != "" {
		if !accesskey.Looks(token.Reveal()) {
			e.given = variable
		}
		return e.set.Server, auth.Fixed{Value: token}, nil
	}
	p, err := e.selected()
	if err != nil {
		return "", nil, err
	}
	session, err := e.source(p)
	return p.Server, session, err
}

// source hands out the access tokens of a profile.
func (e *env) source(p profile) (auth.TokenSource, error) {
	store, err := e.store(p.Store)
	if err != nil {
		return nil, err
	}
	return tokens{auth.NewSource(auth.SourceOptions{
		Session: p.Session, Store: store, StateDir: e.sessionsDir(), Patience: e.set.Timeout,
		Waiting: e.waiting, ClockOff: func(off time.Duration) { e.warn("%s", auth.ClockWarning(off)) },
		HTTP: e.network, Now: e.now,
	})}, nil
}

// browser opens an address in the person's browser.
func (e *env) browser() func(address string) error {
	if e.browse != nil {
		return e.browse
	}
	return auth.Browser(e.set.Browser, systemBrowser()...)
}

// waiting says which process holds up this one.
func (e *env) waiting(pid int) {
	if pid == 0 {
		e.say("photos: waiting for another process to refresh the session")
		return
	}
	e.say("photos: waiting for process %d to refresh the session", pid)
}

// tokens is a session whose errors are of our own kinds, so that the client above it
// knows a lost session from a lost connection.
type tokens struct{ *auth.Source }

func (t tokens) Token(ctx context.Context) (auth.Token, error) {
	token, err := t.Source.Token(ctx)
	return token, fromAuth(err)
}

// kindsOfAuth gives the kinds of package auth their counterparts; one that is not here
// is a plain failure.
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

// fromAuth gives an error of package auth our kind, message and hint.
func fromAuth(err error) error {
	e, ok := errors.AsType[*auth.Error](err)
	if !ok {
		return err
	}
	kind, known := kindsOfAuth[e.Kind]
	if !known {
		kind = photo.KindInternal
	}
	return &photo.Error{Kind: kind, Msg: e.Msg, Hint: cmp.Or(client.HintOfTLS(e.Err), e.Hint), Err: e.Err}
}
