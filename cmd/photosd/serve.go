package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"photos/internal/httpkit"
	"photos/internal/photo"
)

const (
	headerTime = 10 * time.Second // for a request's header; bodies have deadlines of their own
	idleTime   = 2 * time.Minute  // for the next request of a connection
	maxHeader  = 64 << 10         // bytes
	cutTime    = 5 * time.Second  // for those to notice that they were cut
)

// serve runs the service until ctx ends, and then until requests under way are
// done or cut.
func serve(ctx context.Context, s *settings, stdout io.Writer, talk *talk) (err error) {
	if err := s.checkLocal(); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.listen)
	if err != nil {
		return &photo.Error{Kind: photo.KindUnavailable, Msg: "listen", Hint: "--listen takes another address; port 0 is any free one", Err: err}
	}
	defer listener.Close()
	if err := s.completeBaseURL(listener.Addr()); err != nil {
		return err
	}
	log := talk.logger(s.logLevel)
	d, err := newDaemon(ctx, s, log, talk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	most := connections(s.connections)
	gate, err := httpkit.NewGate(listener, most)
	if err != nil {
		return err
	}
	d.metrics.Connections(most, gate.Open)
	stopMetrics, err := d.serveMetrics(ctx, s.metricsListen, log, talk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopMetrics()) }()
	d.welcome(s, talk)
	if _, err := fmt.Fprintf(stdout, "photosd listening on http://%s\n", listener.Addr()); err != nil { // last: others wait for it
		return fmt.Errorf("standard output: %w", err)
	}
	return d.run(ctx, gate, s, log)
}

// completeBaseURL derives the service's address from the one it listens on.
func (s *settings) completeBaseURL(addr net.Addr) error {
	if s.baseURL != "" {
		return nil
	}
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || tcp.IP.IsUnspecified() {
		return badSetting("%s: %s has no name that clients could use: --base-url is missing", s.given.source("listen"), s.listen)
	}
	s.baseURL = "http://" + addr.String()
	return nil
}

// welcome says where the data is and what to type next.
func (d *daemon) welcome(s *settings, talk *talk) {
	if s.file() == "" {
		talk.say("photos are in %s, and the database is %s", s.data, d.database)
	} else {
		talk.say("photos and database are in %s", s.data)
	}
	if d.signIn.previous != "" {
		talk.say("the address changed: sessions of %s end", d.signIn.previous)
	}
	if warning := s.registrationWarning(); warning != "" {
		talk.say("warning: %s", warning)
	}
	talk.say("sign in from another terminal: photos login %s", s.baseURL)
}

// registrationWarning says that strangers may fill the disk, or returns "". The service cannot ask a
// Cognito pool who may sign up, so it has to be told. The local pool is for whoever uses this machine.
func (s *settings) registrationWarning() string {
	switch {
	case s.local() || s.quota.Bytes > 0 || s.selfRegistration == "closed":
		return ""
	case s.selfRegistration == "open":
		return "everybody may sign up and store any number of bytes: --owner-bytes sets a quota"
	}
	return "if everybody may sign up at the user pool, set a quota with --owner-bytes; if not, say so with --self-registration closed"
}

// run serves what comes through the gate until ctx ends.
func (d *daemon) run(ctx context.Context, gate *httpkit.Gate, s *settings, log *slog.Logger) error {
	web := &http.Server{
		Handler: d.server, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ConnState: gate.ConnState,
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelDebug), // what strangers send is no fault of ours
	}
	sweeping, stopSweeping := context.WithCancel(ctx)
	swept := make(chan struct{})
	go func() { defer close(swept); d.service.Sweeper.Run(sweeping) }()
	served := make(chan error, 1)
	go func() { served <- web.Serve(gate) }()
	var err error
	select {
	case err = <-served:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		err = d.stop(context.WithoutCancel(ctx), web, s, log)
	}
	stopSweeping()
	<-swept
	return err
}

// stop says that the service is not ready and gives a load balancer time to notice. Then it
// takes no more connections, lets requests under way finish, and cuts those that take too
// long: their clients go on where they were.
func (d *daemon) stop(ctx context.Context, web *http.Server, s *settings, log *slog.Logger) error {
	d.server.Drain()
	web.SetKeepAlivesEnabled(false) // the next request of a client goes to another replica
	time.Sleep(s.stopDelay)
	grace, cancel := context.WithTimeout(ctx, s.stopTime)
	defer cancel()
	err := web.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		log.WarnContext(ctx, "requests under way were cut")
		err = web.Close()
	}
	rest, cancel := context.WithTimeout(ctx, cutTime)
	defer cancel()
	return errors.Join(err, d.server.Close(rest))
}
