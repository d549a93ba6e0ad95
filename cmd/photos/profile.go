package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/adrg/xdg"

	"photos/internal/auth"
	"photos/internal/photo"
)

// profile is a named pair of a service and the account that is signed in there. It lies
// in a file of its own, profiles/NAME.json in the configuration folder, and holds
// nothing secret: the tokens lie in the store it names.
type profile struct {
	Name    string       `json:"-"`
	Server  string       `json:"server"`
	Store   string       `json:"store"` // keyring or file: one of them, never a mixture
	Session auth.Session `json:"session"`
}

const defaultProfile = "default"

func (e *env) profilesDir() string { return filepath.Join(e.set.dir, "profiles") }

func (e *env) profilePath(name string) string { return filepath.Join(e.profilesDir(), name+".json") }

// sessionsDir holds the locks and the state of sessions. It lies in the user's state
// folder, or in the configuration folder when that was given.
func (e *env) sessionsDir() string {
	if e.set.dirSource == "default" {
		return filepath.Join(xdg.StateHome, "photos", "sessions")
	}
	return filepath.Join(e.set.dir, "sessions")
}

// store is where a profile's tokens lie.
func (e *env) store(name string) (auth.Store, error) {
	switch name {
	case "keyring":
		return auth.NewKeyring(e.keyringOptions()), nil
	case "file":
		return auth.NewFileStore(filepath.Join(e.set.dir, "credentials")), nil
	}
	return nil, &photo.Error{Kind: photo.KindUsage, Msg: "the profile names an unknown store " + quote(name),
		Hint: "photos login writes it anew"}
}

// keyringOptions give a person at the terminal time to unlock the keyring.
func (e *env) keyringOptions() auth.KeyringOptions {
	o := auth.KeyringOptions{Service: "photos", Limit: keyringLimit}
	if e.terminal.interactive() {
		o.Limit = keyringLimitTerminal
		o.Slow = func() { e.say("waiting for the keyring to be unlocked") }
	}
	return o
}

// profiles returns all profiles, by name. It warns of those that it cannot read.
func (e *env) profiles() ([]profile, error) {
	all, _, err := e.readProfiles()
	return all, err
}

// readProfiles returns all profiles, by name, and why it left the first one out that it
// could not read. It warns of each.
func (e *env) readProfiles() (all []profile, unread, err error) {
	paths, err := filepath.Glob(filepath.Join(e.profilesDir(), "*.json"))
	if err != nil {
		return nil, nil, fmt.Errorf("profiles: %w", err)
	}
	for _, path := range paths {
		p, err := e.loadProfile(strings.TrimSuffix(filepath.Base(path), ".json"))
		if photo.KindOf(err) == photo.KindForbidden { // somebody else may have put it there
			return nil, nil, err
		}
		if err != nil { // the others are none the worse for it
			e.warn("%s: %s", err, photo.HintOf(err))
			unread = cmp.Or(unread, err)
			continue
		}
		all = append(all, p)
	}
	return all, unread, nil
}

// loadProfile reads one profile; its error is an fs.ErrNotExist when there is none.
func (e *env) loadProfile(name string) (profile, error) {
	data, err := auth.ReadPrivate(e.profilePath(name))
	if bad, ok := errors.AsType[*auth.Error](err); ok {
		return profile{}, &photo.Error{Kind: photo.KindForbidden, Msg: "profile " + name + ": " + bad.Msg, Hint: bad.Hint}
	}
	if err != nil {
		return profile{}, fmt.Errorf("profile %s: %w", name, err)
	}
	p := profile{Name: name}
	if err := json.Unmarshal(data, &p); err != nil {
		return profile{}, &photo.Error{Kind: photo.KindUsage, Msg: "profile " + e.profilePath(name) + ": " + oneLine(err.Error()),
			Hint: "remove the file and sign in again"}
	}
	return p, nil
}

// saveProfile writes the profile whole or not at all.
func (e *env) saveProfile(p profile) error {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("profile %s: %w", p.Name, err)
	}
	if err := os.MkdirAll(e.profilesDir(), 0o700); err != nil {
		return fmt.Errorf("profile %s: %w", p.Name, err)
	}
	if err := auth.ReplaceFile(e.profilePath(p.Name), append(data, '\n')); err != nil {
		return fmt.Errorf("profile %s: %w", p.Name, err)
	}
	return nil
}

func (e *env) removeProfile(name string) error {
	if err := os.Remove(e.profilePath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("profile %s: %w", name, err)
	}
	return nil
}

// signedOutPath is a file with the profiles that were signed out while others stayed:
// their names, each with its service. The next login removes it.
func (e *env) signedOutPath() string { return filepath.Join(e.set.dir, "signed-out.json") }

// signedOut reads that file.
func (e *env) signedOut() (map[string]string, error) {
	data, err := os.ReadFile(e.signedOutPath())
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("profiles: %w", err)
	}
	out := map[string]string{}
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: e.signedOutPath() + ": " + oneLine(err.Error()),
			Hint: "choose a profile with --profile NAME, or sign in again with photos login"}
	}
	return out, nil
}

// noteSignedOut remembers that a profile was signed out, if others stay, so that none
// of them takes its place by itself.
func (e *env) noteSignedOut(p profile) error {
	others, err := filepath.Glob(filepath.Join(e.profilesDir(), "*.json"))
	if err != nil {
		return fmt.Errorf("profiles: %w", err)
	}
	if len(others) == 0 {
		return e.forgetSignedOut()
	}
	out, err := e.signedOut()
	if err != nil {
		out = map[string]string{}
	}
	out[p.Name] = p.Server
	data, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("profiles: %w", err)
	}
	if err := auth.ReplaceFile(e.signedOutPath(), append(data, '\n')); err != nil {
		return fmt.Errorf("profiles: %w", err)
	}
	return nil
}

func (e *env) forgetSignedOut() error {
	if err := os.Remove(e.signedOutPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("profiles: %w", err)
	}
	return nil
}

// onlyOne returns the only profile that fits, unless another one was signed out there:
// then it would silently be another account.
func (e *env) onlyOne(p profile) (profile, error) {
	out, err := e.signedOut()
	if err != nil {
		return profile{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if server := out[name]; e.set.Server == "" || e.set.Server == server {
			return profile{}, &photo.Error{
				Kind: photo.KindNotSignedIn,
				Msg:  fmt.Sprintf("profile %s is signed out; another one, %s, is %s at %s", name, p.Name, p.Session.Account.Label(), p.Server),
				Hint: "use that one with --profile " + p.Name + ", or sign in again with photos login " + server,
			}
		}
	}
	return p, nil
}

// selected returns the profile that the settings select: the one named; or among those
// signed in at the service named, or all, the default one or the only one. Between
// others nothing is guessed: pictures would go to somebody else's account.
func (e *env) selected() (profile, error) {
	if e.set.Profile != "" {
		return e.named(e.set.Profile)
	}
	all, unread, err := e.readProfiles()
	if err != nil {
		return profile{}, err
	}
	var fits []profile
	for _, p := range all {
		if e.set.Server != "" && e.set.Server != p.Server {
			continue
		}
		if p.Name == defaultProfile {
			return p, nil
		}
		fits = append(fits, p)
	}
	switch {
	case unread != nil: // it may be the one that is meant
		return profile{}, unread
	case len(fits) == 1:
		return e.onlyOne(fits[0])
	case len(fits) > 1:
		return profile{}, &photo.Error{Kind: photo.KindUsage, Msg: "there are several profiles: " + names(fits),
			Hint: "choose one with --profile NAME"}
	case e.set.Server != "":
		return profile{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "not signed in at " + e.set.Server,
			Hint: "photos login " + e.set.Server}
	}
	return profile{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "not signed in",
		Hint: "photos login URL signs in at the service at URL"}
}

// named is the profile of --profile, which must be signed in at --server if that is
// given too.
func (e *env) named(name string) (profile, error) {
	p, err := e.loadProfile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return profile{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "no profile " + name,
			Hint: "photos login URL --profile " + name}
	case err != nil:
		return profile{}, err
	case e.set.Server != "" && e.set.Server != p.Server:
		return profile{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "profile " + name + " is signed in at " + p.Server + ", not at " + e.set.Server,
			Hint: "leave --server and PHOTOS_SERVER out, or photos login " + e.set.Server + " --profile NAME"}
	}
	return p, nil
}

func names(all []profile) string {
	list := make([]string, len(all))
	for i, p := range all {
		list[i] = p.Name
	}
	return strings.Join(list, ", ")
}

// profileFor returns the name that a login at server gets when none is given: the
// default one if it is signed in there, that of a profile that was signed out there, of
// one that is signed in there, "default" for the first one, and else the host's.
func profileFor(server string, all []profile, signedOut map[string]string) string {
	if slices.ContainsFunc(all, func(p profile) bool { return p.Name == defaultProfile && p.Server == server }) {
		return defaultProfile
	}
	for _, name := range slices.Sorted(maps.Keys(signedOut)) {
		if signedOut[name] == server {
			return name
		}
	}
	taken := false
	for _, p := range all {
		if p.Server == server {
			return p.Name
		}
		taken = taken || p.Name == defaultProfile
	}
	if !taken {
		return defaultProfile
	}
	host := server
	if u, err := url.Parse(server); err == nil {
		host = u.Host
	}
	return strings.Trim(regexp.MustCompile(`[^a-z0-9._-]+`).ReplaceAllString(host, "-"), "-.")
}
