package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// tokenJSON is what `photos token --json` prints.
type tokenJSON struct {
	AccessToken string    `json:"access_token"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
	Server      string    `json:"server"`
}

func newToken(e *env) *cobra.Command {
	var header bool
	c := &cobra.Command{
		Use:   "token",
		Short: "Print a fresh access token for other programs",
		Long: `Print an access token, refreshed if necessary. Send it only to the service where
the profile is signed in.`,
		Example: `  photos token --header | curl -H @- https://photos.example.org/v1/me`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return printToken(cmd.Context(), e, header) },
	}
	c.Flags().BoolVar(&header, "header", false, "print it as the header line Authorization: Bearer …")
	return c
}

func printToken(ctx context.Context, e *env, header bool) error {
	server, source, err := e.signedIn()
	if err != nil {
		return err
	}
	token, err := source.Token(ctx)
	if err != nil {
		return err
	}
	switch value := token.Value.Reveal(); {
	case e.set.JSON:
		return printJSON(e, tokenJSON{value, token.Expiry.UTC(), server})
	case header:
		_, err = fmt.Fprintf(e.Out, "Authorization: Bearer %s\n", value)
	default:
		_, err = fmt.Fprintln(e.Out, value)
	}
	return err
}
