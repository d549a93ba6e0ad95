package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/store/sqldb"
)

// account runs 'photosd account …'. It changes the account's row in the database. A running
// service reads that row in every request.
func account(ctx context.Context, s *settings, stdout io.Writer, talk *talk) (err error) {
	verb, owner, err := accountVerb(s.words)
	if err != nil {
		return err
	}
	db, err := openExisting(ctx, s, talk)
	if err != nil {
		return s.named(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	accounts, err := db.Accounts(ctx)
	if err != nil {
		return err
	}
	if verb == "list" {
		return listAccounts(stdout, accounts)
	}
	a, err := findAccount(accounts, owner)
	if err != nil {
		return err
	}
	if err := db.SetDisabled(ctx, a.Owner, verb == "disable"); err != nil {
		return err
	}
	if verb == "enable" {
		talk.say("photosd: account %s is enabled (access keys: %d)", a.Owner, a.Keys)
		return nil
	}
	talk.say("photosd: account %s is disabled (access keys: %d); its requests are refused from now on", a.Owner, a.Keys)
	return nil
}

// accountVerb returns what to do and, unless it is list, with which owner.
func accountVerb(words []string) (verb, owner string, err error) {
	switch {
	case len(words) == 2 && words[1] == "list":
		return words[1], "", nil
	case len(words) == 3 && (words[1] == "disable" || words[1] == "enable"):
		return words[1], words[2], nil
	}
	return "", "", &photo.Error{Kind: photo.KindUsage, Msg: "account must be followed by list, disable OWNER or enable OWNER", Hint: "'photosd account --help' explains them"}
}

// openExisting opens the database, but does not create one.
func openExisting(ctx context.Context, s *settings, talk *talk) (*sqldb.DB, error) {
	if err := s.mustExist(); err != nil {
		return nil, err
	}
	return s.config(talk.say).Open(ctx)
}

// mustExist refuses a database file that does not exist. Otherwise a mistyped folder would look
// like a service without accounts.
func (s *settings) mustExist() error {
	if path := s.file(); path != "" {
		if _, err := os.Stat(path); err != nil {
			return &photo.Error{Kind: photo.KindUsage, Msg: "there is no database", Hint: "use the --data or --database-url of the service", Err: err}
		}
	}
	return nil
}

// findAccount returns the account whose ID or subject is name.
func findAccount(accounts []store.Account, name string) (store.Account, error) {
	var found []store.Account
	for _, a := range accounts {
		if strings.EqualFold(a.Owner, name) || a.Subject == name {
			found = append(found, a)
		}
	}
	switch len(found) {
	case 0:
		return store.Account{}, &photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("no account %q", name), Hint: "'photosd account list' shows all accounts; the service does not know e-mail addresses"}
	case 1:
		return found[0], nil
	}
	var ids []string
	for _, a := range found {
		ids = append(ids, a.Owner)
	}
	return store.Account{}, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%q is the subject of several accounts: %s", name, strings.Join(ids, ", ")), Hint: "use the ID of one of them"}
}

// listAccounts prints one tab-separated line per account.
func listAccounts(w io.Writer, accounts []store.Account) error {
	for _, a := range accounts {
		state, since := "enabled", a.CreatedAt
		if !a.DisabledAt.IsZero() {
			state, since = "disabled", a.DisabledAt
		}
		_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", a.Owner, state, plainWord(a.Pool), plainWord(a.Subject),
			a.Usage.Photos, a.Usage.Bytes, a.Keys, since.Format(time.RFC3339))
		if err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
	}
	return nil
}

// plainWord quotes a text from the provider if it contains characters that could break a line or
// control a terminal.
func plainWord(s string) string {
	if quoted := fmt.Sprintf("%q", s); quoted != `"`+s+`"` {
		return quoted
	}
	return s
}
