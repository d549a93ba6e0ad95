package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"photos/internal/auth/signin"
)

func newLogout(e *env) *cobra.Command {
	var alsoBrowser bool
	c := &cobra.Command{
		Use:   "logout",
		Short: "Sign out: end the session at the provider and on this machine",
		Long: `End the session: revoke it at the provider and remove it from this machine. It
is removed even if the provider cannot be reached.

The browser may stay signed in at the provider. Then the next login does not ask
for a password. --browser also ends the session of the browser.`,
		Example: `  photos logout
  photos logout --profile work`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return logout(cmd.Context(), e, alsoBrowser) },
	}
	c.Flags().BoolVar(&alsoBrowser, "browser", false, "also end the browser's session at the provider")
	return c
}

func logout(ctx context.Context, e *env, alsoBrowser bool) error {
	p, err := e.profiles().selected(e.set)
	if err != nil {
		return err
	}
	bye, err := endSession(ctx, e, p)
	if err != nil {
		return err
	}
	if err := e.profiles().remove(p.Name); err != nil {
		return err
	}
	if err := e.profiles().markSignedOut(p); err != nil {
		return err
	}
	if bye.NotRevoked != nil {
		e.Warn("the session is removed here, but not revoked at the provider: %s", bye.NotRevoked)
		e.Hint("a copy of its refresh token would work until it expires at the provider")
	}
	if left := bye.AccessUntil.Sub(e.now()); left > 0 {
		e.Say("photos: the last access token stays valid for %s", left.Round(time.Second))
	}
	e.Say("photos: signed out of %s (%s)", p.Server, p.Session.Account.Label())
	if alsoBrowser {
		return endBrowserSession(e, p)
	}
	return nil
}

// endBrowserSession opens the provider's sign-out address in the browser. It redirects to the
// service's first page.
func endBrowserSession(e *env, p profile) error {
	address := p.Session.Provider.LogoutURL(p.Session.ClientID, p.Server+"/")
	e.Say("To end the browser's session, open\n\n  %s\n", address)
	if err := e.browser()(address); err != nil {
		return fmt.Errorf("could not open a browser, open the address yourself: %w", err)
	}
	return nil
}

// endSession revokes a profile's session and deletes its entries in the store.
func endSession(ctx context.Context, e *env, p profile) (signin.LogoutResult, error) {
	store, err := e.store(p.Store)
	if err != nil {
		return signin.LogoutResult{}, err
	}
	limited, cancel := context.WithTimeout(ctx, e.set.Timeout)
	defer cancel()
	bye, err := signin.Logout(limited, signin.LogoutOptions{
		Session: p.Session, Store: store, StateDir: e.set.sessionsDir(), Waiting: e.sayWaiting, HTTP: e.network,
	})
	if errors.Is(ctx.Err(), context.Canceled) {
		return bye, ctx.Err()
	}
	return bye, fromAuth(err)
}
