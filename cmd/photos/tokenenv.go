package main

import (
	"strings"

	"photos/internal/accesskey"
	"photos/internal/auth"
	"photos/internal/auth/secret"
	"photos/internal/photo"
)

// The environment variables that give a token in place of a session.
const (
	envToken     = "PHOTOS_TOKEN"
	envTokenFile = "PHOTOS_TOKEN_FILE"
)

// givenToken returns the access token or access key that the environment gives, and the
// name of its variable. The name is empty when there is none.
func (e *env) givenToken() (token auth.Secret, variable string, err error) {
	value, file := e.getenv(envToken), e.getenv(envTokenFile)
	switch {
	case value != "" && file != "":
		return token, "", badToken(envToken+" and "+envTokenFile+" are both set", "unset one of them")
	case value != "":
		token, variable = auth.NewSecret(value), envToken
	case file != "":
		if token, err = secret.ReadTokenFile(file); err != nil {
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

// checkToken refuses what cannot be a token before it is sent.
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

// nameTokenVariable adds the name of the variable to the error of a refused access token. The
// user must change that variable: signing in would not help, since the variable is used first.
func (e *env) nameTokenVariable(err error) error {
	if e.tokenFrom == "" || photo.KindOf(err) != photo.KindNotSignedIn {
		return err
	}
	return &photo.Error{
		Kind: photo.KindNotSignedIn, Msg: e.tokenFrom + ": " + err.Error(),
		Hint: "photos token prints a fresh access token where a user is signed in; an access key lasts longer (photos key --help)",
	}
}

// tokenKind returns what a token is called.
func tokenKind(token string) string {
	if accesskey.Looks(token) {
		return "access key"
	}
	return "access token"
}

// givenTokenJSON is what photos status --json prints about a token that the environment gives.
type givenTokenJSON struct {
	Server   string `json:"server"`
	SignedIn bool   `json:"signed_in"`
	Token    string `json:"token"`      // access key or access token
	From     string `json:"token_from"` // the variable
}

// printGivenToken shows which service a token of the environment is used for. Only the service
// knows whether the token is still valid.
func printGivenToken(e *env, token auth.Secret, variable string) error {
	s := givenTokenJSON{Server: e.set.Server, SignedIn: true, Token: tokenKind(token.Reveal()), From: variable}
	return printStatus(e, s, s.Token, [][2]string{
		{"service", s.Server},
		{"token", s.Token + " from " + variable + "; no profile is used"},
	})
}
