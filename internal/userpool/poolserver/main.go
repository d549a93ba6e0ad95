// Command poolserver runs a user pool on a loopback address, for tests that need a
// Cognito in another process. It is not shipped.
//
// Its first line on standard output is "poolserver listening on http://127.0.0.1:PORT issuer ISSUER".
// At /control, in addition to the pool's own paths:
//
//	GET  /control              {"requests": {PATH: COUNT}, "behaviour": KNOBS}
//	PUT  /control              sets the knobs from JSON
//	POST /control/rotate-keys  signs with new keys from now on
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"photos/internal/userpool"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "poolserver:", err)
		os.Exit(1)
	}
}

// list is a flag that may stand several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// options are the flags.
type options struct {
	listen, issuerHost         string
	clients, redirects, logout list
	config                     userpool.Config
	user                       userpool.NewUser
}

func parse(args []string, talk io.Writer) (options, error) {
	o := options{config: userpool.Config{Out: talk, Behaviour: new(userpool.Behaviour)}}
	f := flag.NewFlagSet("poolserver", flag.ContinueOnError)
	f.SetOutput(talk)
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback `address` to listen on")
	f.StringVar(&o.config.Path, "db", "", "SQLite `file` of the pool; required")
	f.Var(&o.clients, "client", "app client, `ID` or ID:SECRET; may be repeated")
	f.Var(&o.redirects, "redirect", "redirect `URI` of every client; may be repeated")
	f.Var(&o.logout, "logout", "logout `URI` of every client; may be repeated")
	f.StringVar(&o.issuerHost, "issuer-host", "", "`host` in the issuer's address, such as localhost: Cognito's issuer lies on another host than its pages")
	f.StringVar(&o.config.PoolID, "pool-id", "", "`ID` of a new pool; default: made up")
	f.StringVar(&o.user.Email, "user", "", "`e-mail` address of a confirmed user to make, unless there is one")
	f.StringVar(&o.user.Nickname, "nickname", "Ada", "`name` of that user")
	f.StringVar(&o.user.Password, "password", "correct horse", "`password` of that user")
	f.BoolVar(&o.config.Rotation, "rotation", false, "rotate refresh tokens")
	f.DurationVar(&o.config.RotationGrace, "grace", 0, "`time` a rotated refresh token goes on working")
	f.DurationVar(&o.config.AccessLifetime, "access-lifetime", 0, "`time` access and ID tokens live; default: 1h")
	f.DurationVar(&o.config.RefreshLifetime, "refresh-lifetime", 0, "`time` sign-ins live; default: 720h")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 || o.config.Path == "" {
		return o, errors.New("-db is required, and nothing but flags is accepted")
	}
	for _, c := range o.clients {
		id, secret, _ := strings.Cut(c, ":")
		o.config.Clients = append(o.config.Clients, userpool.Client{ID: id, Secret: secret, RedirectURIs: o.redirects, LogoutURIs: o.logout})
	}
	return o, nil
}

func run(ctx context.Context, args []string, out, talk io.Writer) error {
	o, err := parse(args, talk)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	addr, ok := listener.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() {
		return fmt.Errorf("%s is not loopback", o.listen)
	}
	o.config.BaseURL = "http://" + addr.String()
	if o.issuerHost != "" {
		o.config.IssuerBase = fmt.Sprintf("http://%s:%d", o.issuerHost, addr.Port)
	}
	pool, err := userpool.Open(ctx, o.config)
	if err != nil {
		return err
	}
	defer pool.Close()
	if o.user.Email != "" {
		if err := pool.AddUser(ctx, o.user); err != nil && !errors.Is(err, userpool.ErrTaken) {
			return err
		}
	}
	fmt.Fprintf(out, "poolserver listening on %s issuer %s\n", o.config.BaseURL, pool.Issuer())
	return serve(ctx, listener, pool, o.config.Behaviour)
}

func serve(ctx context.Context, listener net.Listener, pool *userpool.Pool, b *userpool.Behaviour) error {
	mux, pages := http.NewServeMux(), pool.Handler()
	for _, path := range pool.Paths() {
		mux.Handle(path, pages)
	}
	mux.HandleFunc("GET /control", func(w http.ResponseWriter, _ *http.Request) { show(w, b) })
	mux.HandleFunc("PUT /control", func(w http.ResponseWriter, r *http.Request) { set(w, r, b) })
	mux.HandleFunc("POST /control/rotate-keys", func(w http.ResponseWriter, r *http.Request) {
		if err := pool.RotateKeys(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func show(w http.ResponseWriter, b *userpool.Behaviour) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"requests": b.Requests(), "behaviour": b.Knobs()})
}

func set(w http.ResponseWriter, r *http.Request, b *userpool.Behaviour) {
	var k userpool.Knobs
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields() // a misspelt knob must not look like a test that passes
	if err := decoder.Decode(&k); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.Set(k)
	w.WriteHeader(http.StatusNoContent)
}
