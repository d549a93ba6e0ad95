package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"photos/internal/auth"
	"photos/internal/photo"
	"photos/internal/redirect"
	"photos/internal/term"
	"photos/internal/text"
)

// finding is one line of photos doctor.
type finding struct {
	Check  string `json:"check"`
	Result string `json:"result"` // ok, warning or failure
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

// The results of a check.
const (
	fine    = "ok"
	warning = "warning"
	failure = "failure"
)

func newDoctor(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look at the whole chain, asking the network",
		Long: `Look at settings, service, clock, provider, redirect ports, keyring, session
and quota, one line each: ok, warning or failure, and what to do. Nothing is
changed.`,
		Example: `  photos doctor
  photos doctor --server https://photos.example.org --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return doctor(cmd.Context(), e) },
	}
}

// checkup collects findings; each check goes on where an earlier one failed, as far
// as it can.
type checkup struct {
	e        *env
	profile  profile // zero: nobody is signed in
	given    bool    // the environment gives a token, so no profile is used
	server   string
	resource auth.Resource
	worst    error // what the first failure was
	signedIn bool  // there is a session
	// The one or the other does not answer, so that nothing more is asked there.
	serviceAway, providerAway bool
	out                       *term.Printer[finding]
	plain                     bool // in whole lines, for people
}

func doctor(ctx context.Context, e *env) error {
	out, err := newPrinter(e, []term.Column[finding]{
		{Name: "check", Text: func(f finding) string { return f.Check }, Least: 14},
		{Name: "result", Text: func(f finding) string { return f.Result }},
		{Name: "detail", Text: func(f finding) string { return f.Detail }},
		{Name: "hint", Text: func(f finding) string { return f.Hint }},
	}, func(f finding) any { return f })
	if err != nil {
		return err
	}
	x := &checkup{e: e, out: out, plain: out.Form() == term.Table && len(e.set.Fields) == 0}
	for _, check := range []func(context.Context) error{
		x.settings, x.service, x.clock, x.discovery, x.redirects, x.keyring, x.session, x.quota,
	} {
		if err := check(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	if x.worst != nil {
		return reported{exitCode(x.worst)}
	}
	return nil
}

// print prints a finding; on a terminal with the hint on a line of its own, since
// nothing in either may be cut off.
func (x *checkup) print(f finding) error {
	if !x.plain {
		return x.out.Print(f)
	}
	lines := text.Sprintf("%-8s %-9s  %s\n", f.Result, f.Check, f.Detail)
	if f.Hint != "" {
		lines += text.Sprintf("%19s hint: %s\n", "", f.Hint)
	}
	_, err := io.WriteString(x.e.Out, lines)
	return err
}

// tell prints the finding of a check that went well, or how it failed.
func (x *checkup) tell(check, detail string, err error) error {
	if err == nil {
		return x.print(finding{Check: check, Result: fine, Detail: detail})
	}
	err = fromAuth(err)
	if x.worst == nil {
		x.worst = err
	}
	return x.print(finding{Check: check, Result: failure, Detail: oneLine(err.Error()), Hint: photo.HintOf(err)})
}

func (x *checkup) warn(check, detail, hint string) error {
	return x.print(finding{Check: check, Result: warning, Detail: detail, Hint: hint})
}

// settings says which of them are not the defaults, and finds the profile.
func (x *checkup) settings(context.Context) error {
	given := []string{"folder " + x.e.set.dir + " (" + x.e.set.dirSource + ")"}
	for _, row := range allSettings() {
		if source := x.e.set.sources[row.key]; source != "default" {
			given = append(given, fmt.Sprintf("%s=%s (%s)", row.key, x.e.set.text(row), source))
		}
	}
	if err := x.tell("settings", strings.Join(given, ", "), nil); err != nil {
		return err
	}
	x.server = x.e.set.Server
	if token, variable, err := x.e.givenToken(); err != nil || variable != "" {
		x.given = true
		return x.tell("token", tokenKind(token.Reveal())+" from "+variable, err)
	}
	p, err := x.e.profiles().selected(x.e.set)
	if err != nil {
		return x.tell("profile", "", err)
	}
	x.profile, x.server = p, p.Server
	return x.tell("profile", p.Name+": "+p.Session.Account.Label()+" at "+p.Server, nil)
}

// service reads what it publishes: names resolve, TLS holds, it answers.
func (x *checkup) service(ctx context.Context) (err error) {
	if x.server == "" {
		return nil
	}
	began := x.e.now()
	x.resource, err = auth.FetchResource(ctx, x.e.network, x.server)
	x.serviceAway = err != nil && auth.KindOf(err) == auth.Unavailable
	return x.tell("service", fmt.Sprintf("%s answers in %s", x.server, x.e.now().Sub(began).Round(time.Millisecond)), err)
}

func (x *checkup) clock(ctx context.Context) error {
	if x.server == "" {
		return nil
	}
	if x.serviceAway {
		return x.warn("clock", "not compared, since the service does not answer", "try again when it does")
	}
	off, err := auth.ClockOff(ctx, x.e.network, x.server)
	if err == nil && off != 0 {
		return x.warn("clock", auth.ClockWarning(off), "set the clock: timedatectl set-ntp true, or the system's settings")
	}
	return x.tell("clock", "agrees with the service's", err)
}

// discovery reads the provider's endpoints again and holds them against the pinned
// ones.
func (x *checkup) discovery(ctx context.Context) error {
	issuer := x.profile.Session.Provider.Issuer
	if issuer == "" && len(x.resource.AuthorizationServers) > 0 {
		issuer = x.resource.AuthorizationServers[0]
	}
	if issuer == "" {
		return nil
	}
	now, err := auth.Discover(ctx, x.e.network, issuer, "")
	x.providerAway = err != nil && auth.KindOf(err) == auth.Unavailable
	if pinned := x.profile.Session.Provider; err == nil && pinned.Issuer != "" && !pinned.Same(now) {
		return x.warn("provider", issuer+" has other endpoints than at login", "photos login takes the new ones, if you expect them")
	}
	return x.tell("provider", issuer, err)
}

// redirects looks at each redirect port: free here, and registered there.
func (x *checkup) redirects(ctx context.Context) error {
	if x.profile.Session.ClientID == "" {
		return nil
	}
	uris := x.resource.RedirectURIs
	if len(uris) == 0 {
		uris = redirect.URIs()
	}
	usable := 0
	for _, uri := range uris {
		free, registered := auth.PortFree(ctx, uri), x.registered(ctx, uri)
		if registered == nil && free == nil {
			usable++
			continue
		}
		for _, err := range []error{registered, free} {
			if err == nil {
				continue
			}
			if err := x.warn("redirect", oneLine(err.Error()), photo.HintOf(fromAuth(err))); err != nil {
				return err
			}
		}
	}
	switch {
	case x.providerAway:
		return x.warn("redirects", fmt.Sprintf("%d of %d are free; whether they are registered is not known", usable, len(uris)),
			"the provider does not answer: try again later")
	case usable == 0:
		return x.tell("redirects", "", &photo.Error{Kind: photo.KindProtocol, Msg: "no redirect address is both free and registered",
			Hint: "see the lines above"})
	}
	return x.tell("redirects", fmt.Sprintf("%d of %d are free and registered", usable, len(uris)), nil)
}

// registered asks the provider about a redirect address. A provider that does not answer
// is asked no more.
func (x *checkup) registered(ctx context.Context, uri string) error {
	if x.providerAway {
		return nil
	}
	err := auth.Registered(ctx, x.e.network, x.profile.Session.Provider, x.profile.Session.ClientID, uri)
	if x.providerAway = err != nil && auth.KindOf(err) == auth.Unavailable; x.providerAway {
		err = nil
	}
	return err
}

// keyring proves the store of the profile, or the default one.
func (x *checkup) keyring(ctx context.Context) error {
	if x.given {
		return nil
	}
	name := x.profile.Store
	if name == "" {
		name = "keyring"
	}
	store, err := x.e.store(name)
	if err != nil {
		return x.tell("store", "", err)
	}
	began := x.e.now()
	if err := auth.Probe(ctx, store); err != nil {
		return x.tell("store", "", err)
	}
	took := fmt.Sprintf("%s: written, read and deleted in %s", name, x.e.now().Sub(began).Round(time.Millisecond))
	if name == "file" {
		return x.warn("store", took+"; not encrypted", "photos login --insecure-storage=false moves to the keyring")
	}
	return x.tell("store", took, nil)
}

// session says whether there is one, and who is busy with it.
func (x *checkup) session(ctx context.Context) error {
	if x.given {
		return x.accepted(ctx)
	}
	if x.profile.Name == "" {
		return nil
	}
	store, err := x.e.store(x.profile.Store)
	if err != nil {
		return x.tell("session", "", err)
	}
	known, err := auth.StatusOf(ctx, x.profile.Session, store, x.e.set.sessionsDir())
	switch {
	case err != nil:
		return x.tell("session", "", err)
	case !known.SignedIn:
		return x.tell("session", "", &photo.Error{Kind: photo.KindNotSignedIn, Msg: "the session has ended",
			Hint: "photos login " + x.server})
	case known.LockedBy != 0:
		return x.warn("session", fmt.Sprintf("process %d is refreshing it now", known.LockedBy), "if that takes long, look at what it does")
	}
	x.signedIn = true
	return x.tell("session", "signed in; nobody is refreshing it", nil)
}

// accepted asks the service whether it takes the token that the environment gives.
func (x *checkup) accepted(ctx context.Context) error {
	c, err := x.e.connect()
	if err != nil {
		return nil //nolint:nilerr // the token was reported already
	}
	_, err = c.Me(ctx)
	x.signedIn = err == nil
	return x.tell("session", "the service accepts the token", err)
}

// quota says what the user has at the service, and how much of it is allowed.
func (x *checkup) quota(ctx context.Context) error {
	if !x.signedIn || x.resource.Resource == "" || x.serviceAway || x.providerAway {
		return nil // said already
	}
	svc, err := x.e.connect()
	if err != nil {
		return x.tell("quota", "", err)
	}
	me, err := svc.Me(ctx)
	if err != nil {
		return x.tell("quota", "", err)
	}
	photos, bytes := me.Photos+me.Trashed.Number, me.Bytes+me.Trashed.Bytes
	detail := fmt.Sprintf("%d%s photos with %s%s, %d of them in the trash; %d%s unfinished uploads",
		photos, of(me.Quota.Photos, strconv.FormatInt(me.Quota.Photos, 10)), text.Bytes(bytes), of(me.Quota.Bytes, text.Bytes(me.Quota.Bytes)),
		me.Trashed.Number, me.Uploads.Number, of(me.Quota.Uploads, strconv.FormatInt(me.Quota.Uploads, 10)))
	if nearly(photos, me.Quota.Photos) || nearly(bytes, me.Quota.Bytes) || nearly(me.Uploads.Number, me.Quota.Uploads) {
		return x.warn("quota", detail, "delete photos; those in the trash count until they are purged")
	}
	return x.tell("quota", detail, nil)
}

// of names a limit, or nothing where there is none.
func of(limit int64, text string) string {
	if limit == 0 {
		return ""
	}
	return " of " + text
}

// nearly reports whether less than a tenth of limit is left.
func nearly(used, limit int64) bool { return limit > 0 && limit-used < limit/10 }
