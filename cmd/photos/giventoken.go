package main

import (
	"strings"

	"photos/internal/accesskey"
	"photos/internal/auth"
	"photos/internal/photo"
)

// The environment variables that give a token, instead of a session.
const (
	envToken     = "PHOTOS_TOKEN"
	envTokenFile = "PHOTOS_TOKEN_FILE"
)

// givenToken returns the access token or key that the environment gives, and the
// variable that does so, which is empty when none is given.
func (e *env) givenToken() (token auth.Secret, variable string, err error) {
	value, file := e.getenv(envToken), e.getenv(envTokenFile)
	switch {
	case value != "" && file != "":
		return token, "", badToken(envToken+" and "+envTokenFile+" are both set", "unset one of them")
	case value != "":
		token, variable = auth.NewSecret(value), envToken
	case file != "":
		if token, err = auth.ReadTokenFile(file); err != nil {
			return token, "", badToken(envTokenFile+": "+err.Error(), photo.HintOf(fromAuth(err)))
		}
		variable = envTokenFile
	default:
		return token, "", nil
	}
	if e.set.Server == "" {
		return token, "", badToken(variable+" is set but PHOTOS_SERVER is not", "say which service the token is for: PHOTOS_SERVER=https://…")
	}
	return token, variable, checkToken(variable, token.Reveal())
}

// checkToken refuses what cannot be a token, before it is sent.
func checkToken(variable, token string) error {
	switch {
	case token == "":
		return badToken(variable+" holds no token", "photos key create NAME prints an access key")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }): // RFC 6750, section 2.1
		return badToken(variable+" holds more than a token", "no spaces, line ends or quotes belong to it")
	case accesskey.Looks(token) && !accesskey.Valid(token):
		return badToken(variable+" holds an access key with a mistake: its checksum is wrong", "copy it again, from the first character to the last")
	}
	return nil
}

func badToken(msg, hint string) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: msg, Hint: hint}
}

// aboutGiven says of a refused access token where it came from. To sign in would not
// help, since the variable goes first.
func (e *env) aboutGiven(err error) error {
	if e.given == "" || photo.KindOf(err) != photo.KindNotSignedIn {
		return err
	}
	return &photo.Error{
		Kind: photo.KindNotSignedIn, Msg: e.given + ": " + err.Error(),
		Hint: "photos token prints a fresh access token where a user is signed in; an access key lasts longer (photos key --help)",
	}
}

// tokenKind says what a token is.
func tokenKind(token string) string {
	if accesskey.Looks(token) {
		return "access key"
	}
	return "access token"
}

// givenJSON is what photos status --json prints for a token that the environment gives.
type givenJSON struct {
	Server   string `json:"server"`
	SignedIn bool   `json:"signed_in"`
	Token    string `json:"token"`      // access key or access token
	From     string `json:"token_from"` // the variable
}

// printGiven shows what a token of the environment is used for. Whether it is still
// good only the service knows.
func (e *env) printGiven(token auth.Secret, variable string) error {
	s := givenJSON{Server: e.set.Server, SignedIn: true, Token: tokenKind(token.Reveal()), From: variable}
	return e.printStatus(s, s.Token, [][2]string{
		{"service", s.Server},
		{"token", s.Token + " from " + variable + "; no profile is used"},
	})
}
