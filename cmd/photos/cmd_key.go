package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/term"
)

func newKey(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "Create, list and revoke access keys for cron jobs and servers",
		Long: `Create, list and revoke access keys. A key acts for you on a machine where you
cannot sign in: a server, a NAS, a cron job. To use it there, set PHOTOS_SERVER
to the address of the service, and PHOTOS_TOKEN to the key. Or put the key in a
file that only its owner can read, and set PHOTOS_TOKEN_FILE to the path of that
file. A key cannot create or revoke keys.

The scope says what a key may do:
  read     list, show and download photos
  upload   upload photos with descriptions, but never change an existing
           description and never restore a photo from the trash
  all      everything you can do with photos, except sharing them`,
		Example: `  (umask 077; photos key create nas > key)
  PHOTOS_SERVER=https://photos.example.org PHOTOS_TOKEN_FILE=key \
    photos upload ~/Pictures`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(newKeyCreate(e), newKeyList(e), newKeyRevoke(e))
	return c
}

func newKeyCreate(e *env) *cobra.Command {
	var scope, expires string
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Create an access key and print it once",
		Long: `Create an access key and print it. It is never shown again, because the service
keeps only a hash of it.

'photos help key' explains the scopes. --expires takes a number of days or hours
(90d, 12h), a day (the key expires after that day), or a time (RFC 3339).`,
		Example: `  (umask 077; photos key create nas > key)
  photos key create viewer --scope read --expires 90d`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &photo.Error{Kind: photo.KindUsage, Msg: "unexpected argument " + quote(args[1]), Hint: "a key has one NAME, without spaces"}
			}
			return atLeastOne("NAME")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ends, err := parseExpiry(cmd.Flags().Changed("expires"), expires, e.now())
			if err != nil {
				return err
			}
			return createKey(cmd.Context(), e, api.NewAccessKey{Name: args[0], Scope: photo.KeyScope(scope), ExpiresAt: ends})
		},
	}
	c.Flags().StringVar(&scope, "scope", string(photo.ScopeUpload), "what the key may do: `read`, upload or all")
	c.Flags().StringVar(&expires, "expires", "", "`time` at which the key ends, such as 90d or 2027-01-31")
	return c
}

func createKey(ctx context.Context, e *env, k api.NewAccessKey) error {
	switch {
	case !photo.ValidKeyName(k.Name):
		return &photo.Error{Kind: photo.KindUsage, Msg: quote(k.Name) + " is not a valid key name",
			Hint: fmt.Sprintf("letters, digits, '.', '-' and '_', at most %d bytes, a letter or digit first", photo.MaxKeyName)}
	case !k.Scope.Valid():
		return &photo.Error{Kind: photo.KindUsage, Msg: "--scope: " + quote(string(k.Scope)) + " is not a valid scope", Hint: "it is read, upload or all"}
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	made, err := c.CreateKey(ctx, k)
	if err != nil {
		return err
	}
	err = printOnce(ctx, e, made, made.Secret, func(ctx context.Context) error { return c.RevokeKey(ctx, k.Name) })
	if err == nil && !e.set.Quiet {
		e.Say("photos: the key is not shown again; keep it where only you can read it")
	}
	return err
}

// printOnce prints a secret that was made and that nothing shows again. If that fails, it revokes the
// secret, because nobody knows it.
func printOnce(ctx context.Context, e *env, made any, secret string, revoke func(context.Context) error) error {
	var err error
	if e.set.JSON {
		err = printJSON(e, made)
	} else {
		_, err = fmt.Fprintln(e.Out, e.Word(secret))
	}
	if err == nil {
		return nil
	}
	hint := "it was revoked; the same command makes another one"
	if failed := revoke(context.WithoutCancel(ctx)); failed != nil {
		hint = "it could not be revoked: " + failed.Error()
	}
	// Only the text of the cause is passed on: a closed pipe is a failure here.
	return &photo.Error{Kind: photo.KindUnreadable, Msg: "the secret could not be printed", Hint: hint, Err: errors.New(err.Error())}
}

// parseExpiry reads when a key expires: after a number of days or hours, at the end of a day in
// the user's time zone, or at an instant. It returns the zero time, which means never, if no
// time is given.
func parseExpiry(given bool, s string, now time.Time) (time.Time, error) {
	if !given {
		return time.Time{}, nil
	}
	ends, err := time.Parse(time.RFC3339, s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); err == nil {
			ends = now.AddDate(0, 0, n)
		}
	} else if day, dayErr := time.ParseInLocation(time.DateOnly, s, now.Location()); dayErr == nil {
		ends, err = day.AddDate(0, 0, 1), nil
	} else if d, durationErr := time.ParseDuration(s); durationErr == nil {
		ends, err = now.Add(d), nil
	}
	switch {
	case err != nil, ends.After(now.AddDate(100, 0, 0)): // RFC 3339 ends with the year 9999
		return time.Time{}, &photo.Error{Kind: photo.KindUsage, Msg: "--expires: " + quote(s) + " is not a valid time", Hint: "write 90d, 12h, 2027-01-31 or 2027-01-31T18:00:00Z"}
	case !ends.After(now):
		return time.Time{}, &photo.Error{Kind: photo.KindUsage, Msg: "--expires: " + quote(s) + " is in the past", Hint: "give a later time"}
	}
	return ends, nil
}

func newKeyList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List your access keys",
		Long: `List your access keys, the oldest first. An expired key stays in the list until
it is revoked. The last use is recorded to the minute.`,
		Example: `  photos key list`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return listKeys(cmd.Context(), e) },
	}
}

func keyColumns() []term.Column[api.AccessKey] {
	return []term.Column[api.AccessKey]{
		{Name: "name", Text: func(k api.AccessKey) string { return k.Name }},
		{Name: "scope", Text: func(k api.AccessKey) string { return string(k.Scope) }, Least: len("upload")},
		{Name: "created_at", Text: func(k api.AccessKey) string { return k.CreatedAt.String() }, Show: func(k api.AccessKey) string { return showTime(k.CreatedAt.Time) }, Least: len(minutes)},
		{Name: "expires_at", Text: func(k api.AccessKey) string { return k.ExpiresAt.String() }, Show: func(k api.AccessKey) string { return orNever(k.ExpiresAt) }, Least: len(minutes)},
		{Name: "last_used_at", Text: func(k api.AccessKey) string { return k.LastUsedAt.String() }, Show: func(k api.AccessKey) string { return orNever(k.LastUsedAt) }, Least: len(minutes)},
	}
}

// orNever returns a time for the user, or "never".
func orNever(t api.Time) string {
	if t.IsZero() {
		return "never"
	}
	return showTime(t.Time)
}

func listKeys(ctx context.Context, e *env) error {
	keys := func(c *client.Client) ([]api.AccessKey, error) { return c.Keys(ctx) }
	return printList(e, keyColumns(), keys, "photos: there are no access keys; photos key create NAME makes one")
}

func newKeyRevoke(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke NAME...",
		Short:   "Revoke access keys",
		Long:    `Revoke access keys. The next request with one of them is refused.`,
		Example: `  photos key revoke nas`,
		Args:    atLeastOne("NAME"),
		RunE:    func(cmd *cobra.Command, args []string) error { return revokeKeys(cmd.Context(), e, args) },
	}
}

func revokeKeys(ctx context.Context, e *env, names []string) error {
	c, err := e.connect()
	if err != nil {
		return err
	}
	t := tally{console: e.Console}
	for _, name := range names {
		err := revokeKey(ctx, c, name)
		if err != nil && photo.EndsRun(withKind(err)) {
			return err
		}
		if t.done(name, err); err == nil && !e.set.Quiet {
			e.Say("photos: the key %s is revoked", name)
		}
	}
	return t.end()
}

func revokeKey(ctx context.Context, c *client.Client, name string) error {
	err := noSuchKey()
	if photo.ValidKeyName(name) {
		err = c.RevokeKey(ctx, name)
	}
	if photo.KindOf(err) == photo.KindNotFound {
		return noSuchKey()
	}
	return err
}

func noSuchKey() error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: "no such access key", Hint: "'photos key list' shows your keys"}
}
