package main

import (
	"cmp"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"photos/internal/httpkit"
	"photos/internal/issuer"
	"photos/internal/store/sqldb"
)

// accounts says whose accounts the service accepts: those of a Cognito user pool, or those of the
// local user pool.
type accounts struct {
	issuer      string // empty: derived from poolID; if both are empty, the local user pool is used
	poolID      string
	domain      string
	clientID    string
	cliClientID string // "": clientID, unless that has a secret: then the command line has no client
	secret      string // of clientID; "": none
	providers   string // that get a button on the web pages, with commas between them

	selfRegistration string // of the user pool: open, closed, or "" for unknown

	smtp, smtpFrom string
	rotation       bool
	rotationGrace  time.Duration
}

// The variables with the secret of the app client. It has no flag.
const (
	clientSecretVariable = "COGNITO_CLIENT_SECRET"
	clientSecretFile     = "COGNITO_CLIENT_SECRET_FILE"
)

// readSecret reads the secret of the app client.
func (a *accounts) readSecret(getenv func(string) string) error {
	fromFile, err := secretFile(getenv, clientSecretFile)
	if err != nil {
		return err
	}
	a.secret = strings.TrimSpace(getenv(clientSecretVariable))
	if a.secret != "" && fromFile != "" {
		return badSetting("%s and %s are both given", clientSecretVariable, clientSecretFile)
	}
	a.secret = cmp.Or(a.secret, fromFile)
	return nil
}

// providerName is what Cognito allows as the name of an identity provider, without what would not fit a link.
var providerName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,32}$`)

// providerNames returns the identity providers that get a button.
func (a *accounts) providerNames() []string {
	var names []string
	for name := range strings.SplitSeq(a.providers, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// maxRotationGrace is Cognito's limit. deploy/cognito.yaml sets the same value.
const maxRotationGrace = time.Minute

func (a *accounts) declare(f *flags) {
	f.StringVar(&a.poolID, "pool-id", "", "`ID` of the Cognito user pool (default: a local user pool, for this machine only)")
	f.StringVar(&a.issuer, "issuer", "", "issuer `URL` of the user pool, as in its tokens (default: from --pool-id)")
	f.StringVar(&a.domain, "domain", "", "`URL` of the user pool's sign-in pages")
	f.StringVar(&a.clientID, "client-id", "", "app client `ID` of the user pool")
	f.StringVar(&a.cliClientID, "cli-client-id", "", "app client `ID` of the command line (default: --client-id, if that has no secret)")
	f.StringVar(&a.providers, "providers", "", "`NAMES` of the identity providers that get a button, separated by commas, such as LoginWithAmazon. The local user pool has a stand-in for each, which accepts whatever is typed")
	f.StringVar(&a.selfRegistration, "self-registration", "", "`WORD` that says whether anyone may sign up at the user pool: open or closed (default: unknown)")
	f.StringVar(&a.smtp, "smtp", "", "mail server (`HOST:PORT`) that sends the links of local accounts (default: photosd prints the links)")
	f.StringVar(&a.smtpFrom, "smtp-from", "", "sender `ADDRESS` of these mails")
	f.BoolVar(&a.rotation, "rotation", true, "replace the refresh token of a local account at each use")
	f.DurationVar(&a.rotationGrace, "rotation-grace", maxRotationGrace, "`TIME` for which a replaced refresh token still works, at most 60s")
	f.describe("pool-id", "COGNITO_POOL_ID", "a user pool ID like eu-west-1_AbCdEfGhI")
	f.describe("issuer", "COGNITO_ISSUER", "an issuer like https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI")
	f.describe("domain", "COGNITO_DOMAIN", "an address like https://photos.auth.eu-west-1.amazoncognito.com")
	f.describe("client-id", "COGNITO_CLIENT_ID", "an app client ID like 1example23456789")
	f.describe("cli-client-id", "COGNITO_CLI_CLIENT_ID", "an app client ID like 1example23456789")
	f.describe("providers", "COGNITO_PROVIDERS", "a list like LoginWithAmazon,Google")
	f.describe("self-registration", "PHOTOSD_SELF_REGISTRATION", "open or closed")
	f.describe("smtp", "PHOTOSD_SMTP", "a mail server like mail.example.org:587")
	f.describe("smtp-from", "PHOTOSD_SMTP_FROM", "a mail address like photos@example.org")
	f.describe("rotation", "PHOTOSD_ROTATION", "true or false")
	f.describe("rotation-grace", "PHOTOSD_ROTATION_GRACE", "a time between 0s and 60s")
}

func (a *accounts) check(f *flags) error {
	if a.rotationGrace < 0 || a.rotationGrace > maxRotationGrace {
		return f.bad("rotation-grace")
	}
	if a.smtp != "" && (!isListenAddress(a.smtp) || strings.Trim(a.smtp, ":") != a.smtp) {
		return f.bad("smtp")
	}
	if _, err := mail.ParseAddress(a.smtpFrom); a.smtpFrom != "" && err != nil {
		return f.bad("smtp-from")
	}
	if slices.ContainsFunc(a.providerNames(), func(name string) bool { return !providerName.MatchString(name) }) {
		return f.bad("providers")
	}
	if a.poolID == "" && a.issuer == "" {
		if a.secret != "" {
			return badSetting("%s is given, but no user pool: --pool-id (COGNITO_POOL_ID) is missing", clientSecretVariable)
		}
		for _, name := range []string{"domain", "client-id", "cli-client-id", "self-registration"} {
			if f.given(name) && f.texts[name] != "" {
				return badSetting("%s is given, but no user pool: --pool-id (COGNITO_POOL_ID) is missing", f.source(name))
			}
		}
		return nil
	}
	return a.checkCognito(f)
}

// checkCognito checks the settings of a Cognito user pool and completes them. It accepts values as
// users copy them from the console.
func (a *accounts) checkCognito(f *flags) error {
	switch a.selfRegistration {
	case "", "open", "closed":
	default:
		return f.bad("self-registration")
	}
	if err := a.checkClients(f); err != nil {
		return err
	}
	if err := a.checkIssuer(f); err != nil {
		return err
	}
	return a.checkDomain(f)
}

// checkClients completes and checks the app clients.
func (a *accounts) checkClients(f *flags) error {
	const quoted = " \t\"'" // docker, for example, keeps the quotes of an --env-file
	if strings.ContainsAny(a.clientID, quoted) {
		return f.bad("client-id")
	}
	if strings.ContainsAny(a.cliClientID, quoted) {
		return f.bad("cli-client-id")
	}
	if a.cliClientID == "" && a.secret == "" {
		a.cliClientID = a.clientID
	}
	if a.clientID == "" {
		a.clientID = a.cliClientID
	}
	if a.clientID == "" {
		return badSetting("the user pool's app client is missing: --client-id (COGNITO_CLIENT_ID)")
	}
	return nil
}

// checkIssuer derives the issuer from the pool's ID, or checks that both are of the same pool.
func (a *accounts) checkIssuer(f *flags) error {
	if a.issuer == "" {
		var err error
		if a.issuer, err = issuer.OfPool(a.poolID); err != nil {
			return f.bad("pool-id")
		}
	}
	if !isWebAddress(a.issuer) {
		return f.bad("issuer")
	}
	if !isSecure(a.issuer) {
		return f.badAs("issuer", "an https address; without https, others on the network could replace the keys")
	}
	if id, ok := issuer.Pool(a.issuer); ok && a.poolID != "" && id != a.poolID {
		return badSetting("%s is %s, but %s is the issuer of %s", f.source("pool-id"), a.poolID, f.source("issuer"), id)
	}
	return nil
}

// checkDomain completes and checks the address of the sign-in pages.
func (a *accounts) checkDomain(f *flags) error {
	a.domain = strings.TrimRight(a.domain, "/")
	if a.domain == "" {
		return nil
	}
	if !strings.Contains(a.domain, "://") {
		a.domain = "https://" + a.domain
	}
	if !isWebAddress(a.domain) {
		return f.bad("domain")
	}
	if !isSecure(a.domain) {
		return f.badAs("domain", "an https address; photos would refuse it")
	}
	return nil
}

// local reports whether the service uses the local user pool.
func (a *accounts) local() bool { return a.issuer == "" }

// clients returns the app clients whose tokens the service accepts.
func (a *accounts) clients() []string {
	if a.cliClientID == "" || a.clientID == a.cliClientID {
		return []string{a.clientID}
	}
	return []string{a.clientID, a.cliClientID}
}

// checkLocal refuses settings that would make the local user pool reachable from other machines. The
// pool has no second factor, and anyone who sees its log can use the links in it.
func (s *settings) checkLocal() error {
	const hint = "; give a Cognito user pool (--pool-id, --client-id) to serve others"
	host, _, _ := net.SplitHostPort(s.listen)
	switch {
	case !s.local():
		return nil
	case !httpkit.IsLoopback(host):
		return badSetting("%s: %s is open to other machines, but the local user pool is for this machine only%s", s.given.source("listen"), s.listen, hint)
	case s.bucket.bucket != "":
		return badSetting("%s: a bucket is shared with other machines, but the local user pool is for this machine only%s", s.given.source("bucket"), hint)
	case s.file() == "":
		return badSetting("%s: a database server is shared with other machines, but the local user pool is for this machine only%s", s.sources[sqldb.PartURL], hint)
	}
	base, err := url.Parse(s.baseURL)
	if err != nil || s.baseURL != "" && !httpkit.IsLoopback(base.Hostname()) {
		return badSetting("%s: %s is for other machines, but the local user pool is for this machine only%s", s.given.source("base-url"), s.baseURL, hint)
	}
	return nil
}

// isSecure reports whether an address is https or on this machine.
func isSecure(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || httpkit.IsLoopback(u.Hostname()))
}
