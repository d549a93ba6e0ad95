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

	"photos/internal/auth"
	"photos/internal/auth/secret"
	"photos/internal/auth/signin"
	"photos/internal/photo"
)

// profile is a named pair of a service and the account that is signed in there. It is a
// file of its own, profiles/NAME.json in the configuration folder, and holds nothing
// secret: the tokens are in the store that it names.
type profile struct {
	Name    string         `json:"-"`
	Server  string         `json:"server"`
	Store   string         `json:"store"` // keyring or file: one of them, never both
	Session signin.Session `json:"session"`
}

const defaultProfile = "default"

// profiles are the profiles in a configuration folder.
type profiles struct {
	dir  string // the configuration folder
	warn func(format string, args ...any)
}

func (e *env) profiles() profiles { return profiles{dir: e.set.dir, warn: e.Warn} }

// path returns the file of a profile.
func (ps profiles) path(name string) string { return filepath.Join(ps.dir, "profiles", name+".json") }

// paths returns the files of all profiles, by name.
func (ps profiles) paths() ([]string, error) {
	paths, err := filesLike(filepath.Dir(ps.path("")), "*.json")
	if err != nil {
		return nil, fmt.Errorf("profiles: %w", err)
	}
	return paths, nil
}

// all returns all profiles, by name. It warns about those that it cannot read, and returns
// the error of the first one as unread.
func (ps profiles) all() (all []profile, unread, err error) {
	paths, err := ps.paths()
	if err != nil {
		return nil, nil, err
	}
	for _, path := range paths {
		p, err := ps.load(strings.TrimSuffix(filepath.Base(path), ".json"))
		if photo.KindOf(err) == photo.KindForbidden { // somebody else may have put it there
			return nil, nil, err
		}
		if err != nil { // the others can be used
			ps.warn("%s: %s", err, photo.HintOf(err))
			unread = cmp.Or(unread, err)
			continue
		}
		all = append(all, p)
	}
	return all, unread, nil
}

// load reads one profile. Its error is fs.ErrNotExist when there is none of this name.
func (ps profiles) load(name string) (profile, error) {
	data, err := secret.ReadPrivate(ps.path(name))
	if bad, ok := errors.AsType[*auth.Error](err); ok {
		return profile{}, &photo.Error{Kind: photo.KindForbidden, Msg: "profile " + name + ": " + bad.Msg, Hint: bad.Hint}
	}
	if err != nil {
		return profile{}, fmt.Errorf("profile %s: %w", name, err)
	}
	p := profile{Name: name}
	if err := json.Unmarshal(data, &p); err != nil {
		return profile{}, &photo.Error{Kind: photo.KindUsage, Msg: "profile " + ps.path(name) + ": " + oneLine(err.Error()),
			Hint: "remove the file and sign in again"}
	}
	return p, nil
}

// save writes a profile. It replaces the file as a whole.
func (ps profiles) save(p profile) error {
	data, err := json.MarshalIndent(p, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(ps.path(p.Name)), 0o700)
	}
	if err == nil {
		err = secret.ReplaceFile(ps.path(p.Name), append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("profile %s: %w", p.Name, err)
	}
	return nil
}

func (ps profiles) remove(name string) error {
	if err := os.Remove(ps.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("profile %s: %w", name, err)
	}
	return nil
}

// signedOutPath returns the file with the profiles that were signed out while others
// stayed: their names, each with its service. The next login removes it.
func (ps profiles) signedOutPath() string { return filepath.Join(ps.dir, "signed-out.json") }

// signedOut reads that file.
func (ps profiles) signedOut() (map[string]string, error) {
	data, err := os.ReadFile(ps.signedOutPath())
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("profiles: %w", err)
	}
	out := map[string]string{}
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: ps.signedOutPath() + ": " + oneLine(err.Error()),
			Hint: "choose a profile with --profile NAME, or sign in again with photos login"}
	}
	return out, nil
}

// markSignedOut records that a profile was signed out, if others stay, so that none of
// them is used in its place without being asked for.
func (ps profiles) markSignedOut(p profile) error {
	others, err := ps.paths()
	if err != nil {
		return err
	}
	if len(others) == 0 {
		return ps.clearSignedOut()
	}
	out, err := ps.signedOut()
	if err != nil {
		out = map[string]string{}
	}
	out[p.Name] = p.Server
	data, err := json.MarshalIndent(out, "", "  ")
	if err == nil {
		err = secret.ReplaceFile(ps.signedOutPath(), append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("profiles: %w", err)
	}
	return nil
}

// clearSignedOut removes the record of profiles that were signed out.
func (ps profiles) clearSignedOut() error {
	if err := os.Remove(ps.signedOutPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("profiles: %w", err)
	}
	return nil
}

// selected returns the profile that the settings select. That is the one they name. If they
// name none, it is one of those signed in at their service, or of all if they have no
// service: the one called default, or the only one. If there are several others, it
// returns an error, because a guess could upload pictures to the wrong account.
func (ps profiles) selected(s settings) (profile, error) {
	if s.Profile != "" {
		return ps.named(s.Profile, s.Server)
	}
	all, unread, err := ps.all()
	if err != nil {
		return profile{}, err
	}
	var fits []profile
	for _, p := range all {
		if s.Server != "" && s.Server != p.Server {
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
		return ps.only(fits[0], s.Server)
	case len(fits) > 1:
		return profile{}, &photo.Error{Kind: photo.KindUsage, Msg: "there are several profiles: " + names(fits),
			Hint: "choose one with --profile NAME"}
	case s.Server != "":
		return profile{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "not signed in at " + s.Server,
			Hint: "photos login " + s.Server}
	}
	return profile{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "not signed in",
		Hint: "photos login URL signs in at the service at URL"}
}

// only returns p, the only profile that fits, unless another one was signed out at the
// service: the command would then use another account than before.
func (ps profiles) only(p profile, server string) (profile, error) {
	out, err := ps.signedOut()
	if err != nil {
		return profile{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if at := out[name]; server == "" || server == at {
			return profile{}, &photo.Error{
				Kind: photo.KindNotSignedIn,
				Msg:  fmt.Sprintf("profile %s is signed out; another one, %s, is %s at %s", name, p.Name, p.Session.Account.Label(), p.Server),
				Hint: "use that one with --profile " + p.Name + ", or sign in again with photos login " + at,
			}
		}
	}
	return p, nil
}

// named returns the profile of this name. It must be signed in at the server, if one is
// given.
func (ps profiles) named(name, server string) (profile, error) {
	p, err := ps.load(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return profile{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "no profile " + name,
			Hint: "photos login URL --profile " + name}
	case err != nil:
		return profile{}, err
	case server != "" && server != p.Server:
		return profile{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "profile " + name + " is signed in at " + p.Server + ", not at " + server,
			Hint: "leave --server and PHOTOS_SERVER out, or photos login " + server + " --profile NAME"}
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
