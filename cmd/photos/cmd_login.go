package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
	"photos/internal/auth/signin"
	"photos/internal/issuer"
	"photos/internal/photo"
	"photos/internal/redirect"
)

type loginOptions struct {
	server       string
	store        string // keyring or file; empty: as before, else the keyring
	noBrowser    bool
	provider     string
	loginHint    string
	signUp       bool
	redirectHost string
	redirectPort string
	trustServer  string
	askSecret    bool
	wait         time.Duration
}

func newLogin(e *env) *cobra.Command {
	var o loginOptions
	var insecure bool
	c := &cobra.Command{
		Use:   "login [SERVER]",
		Short: "Sign in with the browser",
		Long: `Sign in to the photo service at SERVER with the browser, and store the session
in the system's keyring. Without SERVER, sign in again at the profile's service.

The service says which provider signs its users in. To name the provider
yourself, set COGNITO_CLIENT_ID, and COGNITO_POOL_ID or COGNITO_ISSUER. If the
client has a secret, also set COGNITO_CLIENT_SECRET or use --client-secret.
COGNITO_DOMAIN is checked if it is set.`,
		Example: `  photos login https://photos.example.org
  photos login 127.0.0.1:8080 --signup
  photos login https://photos.example.org --no-browser`,
		Args: atMostOneServer,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.server = args[0]
			}
			if cmd.Flags().Changed("insecure-storage") {
				o.store = "keyring"
				if insecure {
					o.store = "file"
				}
			}
			return login(cmd.Context(), e, o)
		},
	}
	f := c.Flags()
	f.BoolVar(&insecure, "insecure-storage", false, "keep the tokens in a file that only you can read, not in the keyring")
	f.BoolVar(&o.noBrowser, "no-browser", false, "only print the address to open")
	f.StringVar(&o.provider, "provider", "", "open the page of this identity `provider`, such as LoginWithAmazon")
	f.StringVar(&o.loginHint, "login-hint", "", "fill in this user `name` on the sign-in page")
	f.BoolVar(&o.signUp, "signup", false, "begin by making a new account")
	f.StringVar(&o.redirectHost, "redirect-host", "", "use a redirect address on this `host`: 127.0.0.1, localhost or ::1")
	f.StringVar(&o.redirectPort, "redirect-port", "", "use a redirect address on this `port`")
	f.StringVar(&o.trustServer, "trust-server", "", "do not ask whether this `host` may name the provider")
	f.BoolVar(&o.askSecret, "client-secret", false, "ask for the secret of the client in COGNITO_CLIENT_ID")
	f.DurationVar(&o.wait, "wait", 15*time.Minute, "how long to wait for the browser")
	return c
}

func atMostOneServer(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return &photo.Error{Kind: photo.KindUsage, Msg: "login takes one SERVER, not " + quote(strings.Join(args, " ")),
			Hint: "photos login --help shows how"}
	}
	return nil
}

// signIn is one run of login: what is known before the browser opens.
type signIn struct {
	e        *env
	opts     loginOptions
	profile  profile // as it will be
	old      profile // the one that it replaces; zero: none
	client   clientSettings
	provider oidc.Provider
	uris     []string
}

// clientSettings name the provider and the client, and say who named them.
type clientSettings struct {
	issuer, clientID, domain string
	secret                   auth.Secret
	byHand                   bool
}

func login(ctx context.Context, e *env, o loginOptions) error {
	s := &signIn{e: e, opts: o}
	if err := s.chooseProfile(); err != nil {
		return err
	}
	if err := s.chooseProvider(ctx); err != nil {
		return fromAuth(err)
	}
	store, err := e.store(s.profile.Store)
	if err != nil {
		return err
	}
	session, err := signin.Login(ctx, s.loginOptions(ctx, store))
	if err != nil {
		return fromAuth(err)
	}
	s.endOldSession(ctx, session)
	return s.welcome(session)
}

// chooseProfile finds the service and the name of the profile.
func (s *signIn) chooseProfile() error {
	e := s.e
	all, _, err := e.profiles().all()
	if err != nil {
		return err
	}
	server, err := s.server()
	if err != nil {
		return err
	}
	name := e.set.Profile
	if name == "" {
		signedOut, err := e.profiles().signedOut()
		if err != nil {
			e.Warn("%v", err)
		}
		name = profileFor(server, all, signedOut)
	}
	s.old, err = e.profiles().load(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.profile = profile{Name: name, Server: server, Store: cmp.Or(s.opts.store, s.old.Store, "keyring")}
	if s.profile.Store == "file" {
		e.Warn("the tokens will be stored unencrypted in a file that only you can read, not in the keyring")
	}
	return nil
}

// server returns the service on the command line, in the settings or in the profile.
func (s *signIn) server() (string, error) {
	if s.opts.server != "" {
		return serverURL(s.opts.server)
	}
	if s.e.set.Server != "" {
		return s.e.set.Server, nil
	}
	p, err := s.e.profiles().selected(s.e.set)
	return p.Server, err
}

// chooseProvider finds the provider in the environment or at the service, decides whether it can
// be trusted, and reads its endpoints.
func (s *signIn) chooseProvider(ctx context.Context) error {
	resource, err := oidc.FetchResource(ctx, s.e.network, s.profile.Server)
	if err != nil {
		return err
	}
	if s.client, err = s.clientSettings(resource); err != nil {
		return err
	}
	published := resource.RedirectURIs
	if len(published) == 0 {
		published = redirect.URIs()
	}
	s.uris = signin.ChooseRedirects(published, s.opts.redirectHost, s.opts.redirectPort)
	if err := s.trust(ctx); err != nil {
		return err
	}
	s.provider, err = oidc.Discover(ctx, s.e.network, s.client.issuer, s.client.domain)
	return err
}

// clientSettings combines what the user gave and what the service publishes.
func (s *signIn) clientSettings(r oidc.Resource) (clientSettings, error) {
	set := s.e.set
	c := clientSettings{issuer: set.Issuer, clientID: set.ClientID, domain: set.Domain}
	if err := s.e.set.checkProvider(); err != nil {
		return c, err
	}
	secret, err := s.secret()
	if err != nil {
		return c, err
	}
	c.secret = secret
	if c.issuer == "" && set.PoolID != "" {
		if c.issuer, err = oidc.IssuerOfPool(set.PoolID); err != nil {
			return c, s.e.set.badValue("cognito_pool_id", err.Error(), "it looks like eu-west-1_AbCdEfGhI")
		}
	}
	c.byHand = c.issuer != "" && c.clientID != ""
	if c.issuer == "" && len(r.AuthorizationServers) > 0 {
		c.issuer = r.AuthorizationServers[0]
	}
	if c.clientID == "" {
		c.clientID = r.ClientID
	}
	if c.domain == "" && !c.byHand {
		c.domain = r.Domain
	}
	if c.issuer == "" || c.clientID == "" {
		return c, &photo.Error{Kind: photo.KindProtocol, Msg: s.profile.Server + " does not say which provider signs its users in",
			Hint: "set COGNITO_POOL_ID (or COGNITO_ISSUER) and COGNITO_CLIENT_ID"}
	}
	return c, nil
}

// checkProvider refuses an issuer or a sign-in domain that was given and is not an address
// to which tokens may go.
func (s *settings) checkProvider() error {
	if _, err := auth.Origin(s.Issuer); s.Issuer != "" && err != nil {
		return s.badValue("cognito_issuer", quote(s.Issuer)+" is not the https address of an issuer",
			"it looks like https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI")
	}
	if _, err := auth.ParseServer(s.Domain); s.Domain != "" && err != nil {
		return s.badValue("cognito_domain", quote(s.Domain)+" is not the https address of sign-in pages",
			"it looks like https://photos.auth.eu-west-1.amazoncognito.com")
	}
	return nil
}

// secret returns the client's secret from the environment or the terminal. It is never in a flag
// or a file.
func (s *signIn) secret() (auth.Secret, error) {
	if !s.opts.askSecret {
		return auth.NewSecret(strings.TrimSpace(s.e.getenv("COGNITO_CLIENT_SECRET"))), nil
	}
	secret, err := s.e.AskSecret("Secret of client "+s.e.set.ClientID+": ", "without one, set COGNITO_CLIENT_SECRET")
	return auth.NewSecret(secret), err
}

// trust decides whether the provider may be used for this service. It asks the user where that
// is necessary, even with --yes.
func (s *signIn) trust(ctx context.Context) error {
	all, _, err := s.e.profiles().all()
	if err != nil {
		return err
	}
	offer := signin.Offer{
		Server: s.profile.Server, Issuer: s.client.issuer, ClientID: s.client.clientID,
		ByHand: s.client.byHand, HasSecret: !s.client.secret.IsZero(), TrustServer: s.opts.trustServer,
	}
	for _, p := range all {
		offer.Pins = append(offer.Pins, signin.Pin{Server: p.Server, Issuer: p.Session.Provider.Issuer, ClientID: p.Session.ClientID})
	}
	err = offer.Check()
	if auth.KindOf(err) != auth.Unconfirmed {
		return err
	}
	asked, _ := errors.AsType[*auth.Error](err)
	return s.e.Confirm(ctx, asked.Msg, asked.Hint)
}

func (s *signIn) loginOptions(ctx context.Context, store secret.Store) signin.LoginOptions {
	e, o := s.e, s.opts
	lo := signin.LoginOptions{
		Server: s.profile.Server, Provider: s.provider, ClientID: s.client.clientID, ClientSecret: s.client.secret,
		RedirectURIs: s.uris, IdentityProvider: o.provider, LoginHint: o.loginHint, SignUp: o.signUp,
		Store: store, StateDir: e.set.sessionsDir(), Save: func(session signin.Session) error { return s.save(ctx, session) },
		Out: e.Err, SSH: signin.SSH{Connection: e.getenv("SSH_CONNECTION"), User: e.getenv("USER")},
		Wait: o.wait, HTTP: e.network, Now: e.now,
	}
	if !o.noBrowser {
		lo.Browser = e.browser()
	}
	// A pipe is read only with --no-browser: it may be the input of another program.
	if e.In.Terminal || o.noBrowser {
		lo.Lines = e.Lines()
	}
	return lo
}

// save writes the session to the profile. It asks first if the profile has another account.
func (s *signIn) save(ctx context.Context, session signin.Session) error {
	if s.old.Name != "" && !sameAccount(s.old, s.profile.Server, session) && !s.e.set.Yes {
		question := "profile " + s.old.Name + " is " + s.old.Session.Account.Label() + " at " + s.old.Server +
			"; this would make it " + session.Account.Label() + " at " + s.profile.Server
		if err := s.e.Confirm(ctx, question, "confirm it with --yes, or keep both with --profile NAME"); err != nil {
			return err
		}
	}
	s.profile.Session = session
	if err := s.e.profiles().save(s.profile); err != nil {
		return err
	}
	return s.e.profiles().clearSignedOut()
}

func sameAccount(old profile, server string, session signin.Session) bool {
	return old.Server == server && old.Session.Account.Subject == session.Account.Subject && sameUserPool(old.Session.Provider.Issuer, session.Provider.Issuer)
}

// sameUserPool reports whether two issuers are one user pool. The pool of photosd has moved to another path of its
// service, and kept its ID.
func sameUserPool(a, b string) bool {
	if issuer.Same(a, b) {
		return true
	}
	ua, errA := url.Parse(a)
	ub, errB := url.Parse(b)
	return errA == nil && errB == nil && ua.Scheme == ub.Scheme && ua.Host == ub.Host && path.Base(ua.Path) == path.Base(ub.Path)
}

// endOldSession revokes and removes the session that this one replaces. If that fails, the login
// still succeeds.
func (s *signIn) endOldSession(ctx context.Context, session signin.Session) {
	if s.old.Name == "" || s.old.Session.Credential == session.Credential {
		return
	}
	if _, err := endSession(ctx, s.e, s.old); err != nil {
		s.e.Warn("the earlier session could not be removed: %s", err)
	}
}

// welcome prints who is signed in. stdout gets it only as JSON.
func (s *signIn) welcome(session signin.Session) error {
	e := s.e
	e.Say("photos: signed in to %s as %s (profile %s, tokens in the %s)", s.profile.Server, session.Account.Label(), s.profile.Name, s.profile.Store)
	for _, variable := range []string{envToken, envTokenFile} {
		if e.getenv(variable) != "" {
			e.Warn("%s is set, so commands use its token and not this session; unset %s to use the session", variable, variable)
		}
	}
	if !e.set.JSON {
		return nil
	}
	return printJSON(e, sessionJSON{
		Profile: s.profile.Name, Server: s.profile.Server, SignedIn: true, Account: session.Account,
		Issuer: session.Provider.Issuer, ClientID: session.ClientID, Store: s.profile.Store, SignedInAt: session.SignedInAt.UTC(),
	})
}
