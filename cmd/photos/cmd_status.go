package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/signin"
	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/text"
)

// sessionJSON is what `photos status --json` and `photos login --json` print.
type sessionJSON struct {
	Profile     string       `json:"profile"`
	Server      string       `json:"server"`
	SignedIn    bool         `json:"signed_in"`
	Account     oidc.Account `json:"account"`
	Issuer      string       `json:"issuer"`
	ClientID    string       `json:"client_id"`
	Store       string       `json:"store"`
	SignedInAt  time.Time    `json:"signed_in_at,omitzero"`
	AccessUntil time.Time    `json:"access_until,omitzero"`
	RefreshedAt time.Time    `json:"refreshed_at,omitzero"`
	Failure     auth.Kind    `json:"refresh_failure,omitempty"`
	LockedBy    int          `json:"locked_by,omitempty"`
}

func newStatus(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show who is signed in, where and until when",
		Long: `Show who is signed in, where, until when, and where the tokens are stored. This
does not use the network; photos doctor does. The exit code is 4 if nobody is
signed in.`,
		Example: `  photos status
  photos status --quiet && photos upload ~/Pictures`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return status(cmd.Context(), e) },
	}
}

func status(ctx context.Context, e *env) error {
	token, variable, err := e.givenToken()
	if err != nil {
		return err
	}
	if variable != "" {
		return printGivenToken(e, token, variable)
	}
	p, err := e.profiles().selected(e.set)
	if err != nil {
		return err
	}
	store, err := e.store(p.Store)
	if err != nil {
		return err
	}
	st, err := signin.StatusOf(ctx, p.Session, store, e.set.sessionsDir())
	if err != nil {
		return fromAuth(err)
	}
	s := sessionJSON{
		Profile: p.Name, Server: p.Server, SignedIn: st.SignedIn, Account: p.Session.Account,
		Issuer: p.Session.Provider.Issuer, ClientID: p.Session.ClientID, Store: p.Store, SignedInAt: p.Session.SignedInAt.UTC(),
		AccessUntil: utc(st.AccessUntil), RefreshedAt: utc(st.State.RefreshedAt), Failure: st.State.Failure, LockedBy: st.LockedBy,
	}
	if !s.SignedIn {
		return &photo.Error{Kind: photo.KindNotSignedIn, Msg: "profile " + p.Name + ": the session at " + p.Server + " has ended",
			Hint: "photos login " + p.Server}
	}
	return s.print(e)
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

// print writes the status as rows of name and value, or as JSON.
func (s sessionJSON) print(e *env) error {
	return printStatus(e, s, s.Account.Label(), s.rows(e.now()))
}

// printStatus writes v as JSON, the label for --quiet, and otherwise rows of name and value.
func printStatus(e *env, v any, label string, rows [][2]string) error {
	if e.set.JSON {
		return printJSON(e, v)
	}
	if e.set.Quiet {
		_, err := fmt.Fprintln(e.Out, e.Word(label))
		return err
	}
	for _, row := range rows {
		format, value := "%s\t%s\n", term.EscapeTSV(row[1])
		if e.Out.Terminal {
			format, value = "%-14s %s\n", text.Line(row[1])
		}
		if _, err := fmt.Fprintf(e.Out, format, row[0], value); err != nil {
			return err
		}
	}
	return nil
}

// rows returns the names and values for the user.
func (s sessionJSON) rows(now time.Time) [][2]string {
	store := s.Store + " (the default)"
	if s.Store == "file" {
		store = "file, unencrypted (chosen at login by --insecure-storage)"
	}
	rows := [][2]string{
		{"account", s.Account.Label()},
		{"service", s.Server},
		{"profile", s.Profile},
		{"issuer", s.Issuer},
		{"store", store},
		{"signed in", s.SignedInAt.Local().Format(time.DateTime)},
		{"access token", s.access(now)},
		{"session", "until the provider ends it; its tokens do not say when"},
		{"last refresh", s.refresh(now)},
	}
	if s.LockedBy != 0 {
		rows = append(rows, [2]string{"refreshing now", fmt.Sprintf("process %d", s.LockedBy)})
	}
	return rows
}

func (s sessionJSON) access(now time.Time) string {
	if left := s.AccessUntil.Sub(now); left > 0 {
		return fmt.Sprintf("until %s (%s left)", s.AccessUntil.Local().Format(time.DateTime), left.Round(time.Second))
	}
	return "refreshed by the next command"
}

func (s sessionJSON) refresh(now time.Time) string {
	if s.RefreshedAt.IsZero() {
		return "never"
	}
	result := "ok"
	if s.Failure != "" {
		result = "failed: " + string(s.Failure)
	}
	return fmt.Sprintf("%s ago, %s", now.Sub(s.RefreshedAt).Round(time.Second), result)
}
