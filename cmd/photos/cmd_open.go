package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"photos/internal/photo"
)

type openOptions struct{ noBrowser bool }

func newOpen(e *env) *cobra.Command {
	var o openOptions
	c := &cobra.Command{
		Use:   "open [PHOTO]",
		Short: "Open a photo's page in the browser",
		Long: `Open the page of a photo in the browser, or My photos if no PHOTO is given.
The browser has a session of its own: it may ask you to sign in.`,
		Example: `  photos open beach.jpg
  photos open 3f9a21c4
  photos open --no-browser`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &photo.Error{Kind: photo.KindUsage, Msg: "open takes one PHOTO", Hint: "photos open shows all of them"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return openPage(cmd.Context(), e, args, o) },
	}
	c.Flags().BoolVar(&o.noBrowser, "no-browser", false, "only print the address to open")
	return c
}

func openPage(ctx context.Context, e *env, args []string, o openOptions) error {
	server, _, err := e.signedIn()
	if err != nil {
		return err
	}
	address := strings.TrimRight(server, "/") + "/myphotos"
	if len(args) > 0 {
		c, err := e.connect()
		if err != nil {
			return err
		}
		p, err := findPhoto(ctx, c, args[0])
		if err != nil {
			return err
		}
		address += "/" + p.ID.String()
	}
	if o.noBrowser {
		_, err := fmt.Fprintln(e.Out, address)
		return err
	}
	e.Say("photos: opening %s", address)
	if err := e.browser()(address); err != nil {
		return fmt.Errorf("could not open a browser, open the address yourself: %w", err)
	}
	return nil
}
