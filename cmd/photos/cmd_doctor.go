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
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
	"photos/internal/auth/signin"
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
		Short: "Check everything that the commands depend on",
		Long: `Check settings, service, clock, provider, redirect ports, keyring, session and
quota. Each check prints one line with ok, warning or failure, and says what to
do. doctor uses the network and changes nothing.`,
		Example: `  photos doctor
  photos doctor --server https://photos.example.org --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return doctor(cmd.Context(), e) },
	}
}

// checkup collects findings. A check is done even if an earlier one failed, as far as that is
// possible.
type checkup struct {
	e            *env
	profile      profile // zero: nobody is signed in
	tokenGiven   bool    // the environment gives a token, so no profile is used
	server       string
	resource     oidc.Resource
	firstFailure error // the first failure
	signedIn     bool  // there is a session
	// One of them does not answer, so it is not asked again.
	serviceAway, providerAway bool
	out                       *term.Printer[finding]
	asText                    bool // print lines in place of a table
}

func findingColumns() []term.Column[finding] {
	return []term.Column[finding]{
		{Name: "check", Text: func(f finding) string { return f.Check }, Least: 14},
		{Name: "result", Text: func(f finding) string { return f.Result }, Tint: resultTint},
		{Name: "detail", Text: func(f finding) string { return f.Detail }},
		{Name: "hint", Text: func(f finding) string { return f.Hint }},
	}
}

func doctor(ctx context.Context, e *env) error {
	out, err := newPrinter(e, findingColumns(), func(f finding) any { return f })
	if err != nil {
		return err
	}
	x := &checkup{e: e, out: out, asText: out.Form() == term.Table && len(e.set.Fields) == 0}
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
	if x.firstFailure != nil {
		return reported{exitCode(x.firstFailure)}
	}
	return nil
}

// print prints a finding. On a terminal the hint has a line of its own, because no part of a
// finding may be cut off.
func (x *checkup) print(f finding) error {
	if !x.asText {
		return x.out.Print(f)
	}
	style := term.NewStyle(x.e.Color)
	lines := style.Paint(resultTint(f), text.Sprintf("%-8s", f.Result)) + text.Sprintf(" %-9s  %s\n", f.Check, f.Detail)
	if f.Hint != "" {
		lines += strings.Repeat(" ", 20) + style.Paint(term.Key, "hint:") + text.Sprintf(" %s\n", f.Hint)
	}
	_, err := io.WriteString(x.e.Out, lines)
	return err
}

// resultTint returns the color of a finding.
func resultTint(f finding) term.Tint {
	switch f.Result {
	case fine:
		return term.Good
	case warning:
		return term.Notice
	}
	return term.Bad
}

// result prints the finding of a check that succeeded, or that failed with err.
func (x *checkup) result(check, detail string, err error) error {
	if err == nil {
		return x.print(finding{Check: check, Result: fine, Detail: detail})
	}
	err = fromAuth(err)
	if x.firstFailure == nil {
		x.firstFailure = err
	}
	return x.print(finding{Check: check, Result: failure, Detail: oneLine(err.Error()), Hint: photo.HintOf(err)})
}

func (x *checkup) warn(check, detail, hint string) error {
	return x.print(finding{Check: check, Result: warning, Detail: detail, Hint: hint})
}

// settings prints the settings that are not defaults, and finds the profile.
func (x *checkup) settings(context.Context) error {
	given := []string{"folder " + x.e.set.dir + " (" + x.e.set.dirSource + ")"}
	for _, row := range allSettings() {
		if source := x.e.set.sources[row.key]; source != "default" {
			given = append(given, fmt.Sprintf("%s=%s (%s)", row.key, x.e.set.text(row), source))
		}
	}
	if err := x.result("settings", strings.Join(given, ", "), nil); err != nil {
		return err
	}
	x.server = x.e.set.Server
	if token, variable, err := x.e.givenToken(); err != nil || variable != "" {
		x.tokenGiven = true
		return x.result("token", tokenKind(token.Reveal())+" from "+variable, err)
	}
	p, err := x.e.profiles().selected(x.e.set)
	if err != nil {
		return x.result("profile", "", err)
	}
	x.profile, x.server = p, p.Server
	return x.result("profile", p.Name+": "+p.Session.Account.Label()+" at "+p.Server, nil)
}

// service reads what the service publishes. That needs DNS, TLS and an answer.
func (x *checkup) service(ctx context.Context) (err error) {
	if x.server == "" {
		return nil
	}
	began := x.e.now()
	x.resource, err = oidc.FetchResource(ctx, x.e.network, x.server)
	x.serviceAway = err != nil && auth.KindOf(err) == auth.Unavailable
	return x.result("service", fmt.Sprintf("%s answers in %s", x.server, x.e.now().Sub(began).Round(time.Millisecond)), err)
}

func (x *checkup) clock(ctx context.Context) error {
	if x.server == "" {
		return nil
	}
	if x.serviceAway {
		return x.warn("clock", "not compared, since the service does not answer", "try again when it does")
	}
	off, err := oidc.ClockOff(ctx, x.e.network, x.server)
	if err == nil && off != 0 {
		return x.warn("clock", signin.ClockWarning(off), "set the clock: timedatectl set-ntp true, or the system's settings")
	}
	return x.result("clock", "agrees with the service's", err)
}

// discovery reads the provider's endpoints again and compares them with those of the
// login.
func (x *checkup) discovery(ctx context.Context) error {
	issuer := x.profile.Session.Provider.Issuer
	if issuer == "" && len(x.resource.AuthorizationServers) > 0 {
		issuer = x.resource.AuthorizationServers[0]
	}
	if issuer == "" {
		return nil
	}
	now, err := oidc.Discover(ctx, x.e.network, issuer, "")
	x.providerAway = err != nil && auth.KindOf(err) == auth.Unavailable
	if pinned := x.profile.Session.Provider; err == nil && pinned.Issuer != "" && !pinned.Same(now) {
		return x.warn("provider", issuer+" has other endpoints than at login", "photos login uses the new ones, if you expect them")
	}
	return x.result("provider", issuer, err)
}

// redirects checks that each redirect port is free here and registered at the provider.
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
		free, registered := signin.PortFree(ctx, uri), x.registered(ctx, uri)
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
		return x.result("redirects", "", &photo.Error{Kind: photo.KindProtocol, Msg: "no redirect address is both free and registered",
			Hint: "see the lines above"})
	}
	return x.result("redirects", fmt.Sprintf("%d of %d are free and registered", usable, len(uris)), nil)
}

// registered asks the provider about a redirect address, unless it does not answer.
func (x *checkup) registered(ctx context.Context, uri string) error {
	if x.providerAway {
		return nil
	}
	session := x.profile.Session
	client := oidc.Client{Provider: session.Provider, ID: session.ClientID, HTTP: x.e.network}
	err := client.Registered(ctx, uri)
	if x.providerAway = err != nil && auth.KindOf(err) == auth.Unavailable; x.providerAway {
		err = nil
	}
	return err
}

// keyring tests the store of the profile, or the default one.
func (x *checkup) keyring(ctx context.Context) error {
	if x.tokenGiven {
		return nil
	}
	name := x.profile.Store
	if name == "" {
		name = "keyring"
	}
	store, err := x.e.store(name)
	if err != nil {
		return x.result("store", "", err)
	}
	began := x.e.now()
	if err := secret.Probe(ctx, store); err != nil {
		return x.result("store", "", err)
	}
	took := fmt.Sprintf("%s: written, read and deleted in %s", name, x.e.now().Sub(began).Round(time.Millisecond))
	if name == "file" {
		return x.warn("store", took+"; not encrypted", "photos login --insecure-storage=false moves to the keyring")
	}
	return x.result("store", took, nil)
}

// session checks whether there is a session, and which process holds its lock.
func (x *checkup) session(ctx context.Context) error {
	if x.tokenGiven {
		return x.accepted(ctx)
	}
	if x.profile.Name == "" {
		return nil
	}
	store, err := x.e.store(x.profile.Store)
	if err != nil {
		return x.result("session", "", err)
	}
	st, err := signin.StatusOf(ctx, x.profile.Session, store, x.e.set.sessionsDir())
	switch {
	case err != nil:
		return x.result("session", "", err)
	case !st.SignedIn:
		return x.result("session", "", &photo.Error{Kind: photo.KindNotSignedIn, Msg: "the session has ended",
			Hint: "photos login " + x.server})
	case st.LockedBy != 0:
		return x.warn("session", fmt.Sprintf("process %d is refreshing it now", st.LockedBy), "if that takes long, find out what it does")
	}
	x.signedIn = true
	return x.result("session", "signed in; nobody is refreshing it", nil)
}

// accepted asks the service whether it accepts the token that the environment gives.
func (x *checkup) accepted(ctx context.Context) error {
	c, err := x.e.connect()
	if err != nil {
		return nil //nolint:nilerr // the token was reported already
	}
	_, err = c.Me(ctx)
	x.signedIn = err == nil
	return x.result("session", "the service accepts the token", err)
}

// quota prints how much the user has at the service, and the limits.
func (x *checkup) quota(ctx context.Context) error {
	if !x.signedIn || x.resource.Resource == "" || x.serviceAway || x.providerAway {
		return nil // an earlier check has reported why
	}
	svc, err := x.e.connect()
	if err != nil {
		return x.result("quota", "", err)
	}
	me, err := svc.Me(ctx)
	if err != nil {
		return x.result("quota", "", err)
	}
	photos, bytes := me.Photos+me.Trashed.Number, me.Bytes+me.Trashed.Bytes
	detail := fmt.Sprintf("%d%s photos with %s%s, %d of them in the trash; %d%s unfinished uploads",
		photos, of(me.Quota.Photos, strconv.FormatInt(me.Quota.Photos, 10)), text.Bytes(bytes), of(me.Quota.Bytes, text.Bytes(me.Quota.Bytes)),
		me.Trashed.Number, me.Uploads.Number, of(me.Quota.Uploads, strconv.FormatInt(me.Quota.Uploads, 10)))
	if nearly(photos, me.Quota.Photos) || nearly(bytes, me.Quota.Bytes) || nearly(me.Uploads.Number, me.Quota.Uploads) {
		return x.warn("quota", detail, "delete photos; photos in the trash count until they are purged")
	}
	return x.result("quota", detail, nil)
}

// of returns the words for a limit, or "" if there is none.
func of(limit int64, text string) string {
	if limit == 0 {
		return ""
	}
	return " of " + text
}

// nearly reports whether less than a tenth of limit is left.
func nearly(used, limit int64) bool { return limit > 0 && limit-used < limit/10 }
