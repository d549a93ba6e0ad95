package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"photos/internal/photo"
	"photos/internal/term"
)

func newProfile(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "profile",
		Short: "List, choose and rename profiles",
		Long: `List, choose and rename profiles. A profile is a service and the account that is
signed in there. photos login makes profiles, and photos logout removes them.`,
		Example: `  photos profile list
  photos profile use work`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List every profile, its service and its account", Args: noArguments,
			RunE: func(*cobra.Command, []string) error { return listProfiles(e) },
		},
		&cobra.Command{
			Use: "use NAME", Short: "Choose the profile that commands use", Args: exactly("NAME"),
			Long: `Choose the profile that commands use if --profile is not given. The choice is
stored in config.yaml, as the setting "profile".`,
			RunE: func(_ *cobra.Command, args []string) error { return useProfile(e, strings.ToLower(args[0])) },
		},
		&cobra.Command{
			Use: "rename OLD NEW", Short: "Give a profile another name", Args: exactly("OLD", "NEW"),
			RunE: func(_ *cobra.Command, args []string) error {
				return renameProfile(e, strings.ToLower(args[0]), strings.ToLower(args[1]))
			},
		},
	)
	return c
}

// profileRecord is a line of photos profile list --json.
type profileRecord struct {
	Profile  string `json:"profile"`
	Server   string `json:"server"`
	Account  string `json:"account"`
	Store    string `json:"store"`
	Selected bool   `json:"selected"` // commands use it
}

func profileColumns() []term.Column[profileRecord] {
	return []term.Column[profileRecord]{
		{Name: "profile", Text: func(p profileRecord) string { return p.Profile }},
		{Name: "server", Text: func(p profileRecord) string { return p.Server }},
		{Name: "account", Text: func(p profileRecord) string { return p.Account }},
		{Name: "store", Text: func(p profileRecord) string { return p.Store }},
		{Name: "selected", Text: func(p profileRecord) string { return strconv.FormatBool(p.Selected) }},
	}
}

func listProfiles(e *env) error {
	out, err := newPrinter(e, profileColumns(), func(p profileRecord) any { return p })
	if err != nil {
		return err
	}
	all, _, err := e.profiles().all()
	if err != nil {
		return err
	}
	selected, _ := e.profiles().selected(e.set) // without one, none is marked
	for _, p := range all {
		r := profileRecord{Profile: p.Name, Server: p.Server, Account: p.Session.Account.Label(), Store: p.Store, Selected: p.Name == selected.Name}
		if err := out.Print(r); err != nil {
			return err
		}
	}
	if out.Empty() {
		e.Say("photos: there are no profiles; photos login URL makes one")
	}
	return out.Close()
}

func useProfile(e *env, name string) error {
	p, err := e.profiles().named(name, "")
	if err != nil {
		return err
	}
	if err := configSet(e, "profile", name); err != nil {
		return err
	}
	if !e.set.Quiet {
		e.Say("photos: commands use profile %s: %s at %s", name, p.Session.Account.Label(), p.Server)
	}
	return nil
}

// renameProfile renames a profile. If config.yaml selects it, that changes too.
func renameProfile(e *env, name, to string) error {
	ps := e.profiles()
	if !isProfileName(to) {
		return &photo.Error{Kind: photo.KindUsage, Msg: quote(to) + " is not a name for a profile", Hint: "letters, digits, dot, dash and underscore"}
	}
	p, err := ps.named(name, "")
	if err != nil {
		return err
	}
	if _, err := os.Lstat(ps.path(to)); !errors.Is(err, fs.ErrNotExist) {
		return &photo.Error{Kind: photo.KindConflict, Msg: "there is already a profile " + to, Hint: "choose another name"}
	}
	p.Name = to
	if err := ps.save(p); err != nil {
		return err
	}
	if err := ps.remove(name); err != nil {
		return err
	}
	if strings.EqualFold(e.set.v.GetString("profile"), name) && strings.HasPrefix(e.set.sources["profile"], "file ") {
		if err := e.set.writeFile("profile", to); err != nil {
			return fmt.Errorf("the profile is renamed, but not the setting: %w", err)
		}
	}
	return nil
}
