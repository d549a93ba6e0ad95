package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"photos/internal/httpkit"
	"photos/internal/photo"
)

const (
	headerTime = 10 * time.Second // limit for a request's header; bodies have their own deadlines
	idleTime   = 2 * time.Minute  // how long a connection may wait for its next request
	maxHeader  = 64 << 10         // bytes
	cutTime    = 5 * time.Second  // how long a stop then waits for requests whose connection was closed
)

// serve runs the service until ctx ends and the requests in progress are done.
func serve(ctx context.Context, s *settings, stdout io.Writer, talk *talk) (err error) {
	if err := s.checkLocal(); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.listen)
	if err != nil {
		return &photo.Error{Kind: photo.KindUnavailable, Msg: "listen", Hint: "choose another address with --listen; port 0 means any free port", Err: err}
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
	if _, err := fmt.Fprintf(stdout, "photosd listening on http://%s\n", listener.Addr()); err != nil { // programs wait for this line, so it comes last
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
		return badSetting("%s: clients cannot use the address %s: set --base-url", s.given.source("listen"), s.listen)
	}
	s.baseURL = "http://" + addr.String()
	return nil
}

// welcome tells the user where the data is and what to type next.
func (d *daemon) welcome(s *settings, talk *talk) {
	switch {
	case s.bucket.bucket != "":
		talk.say("photos are in the bucket %s, and the database is %s", s.bucket.bucket, d.database)
	case s.file() == "":
		talk.say("photos are in %s, and the database is %s", s.data, d.database)
	default:
		talk.say("photos and the database are in %s", s.data)
	}
	if d.signIn.previous != "" {
		talk.say("the address of the service has changed: sessions of %s end", d.signIn.previous)
	}
	if warning := s.registrationWarning(); warning != "" {
		talk.say("warning: %s", warning)
	}
	talk.say("open %s in a browser, or sign in from another terminal: photos login %s", s.baseURL, s.baseURL)
}

// registrationWarning returns a warning if strangers may be able to fill the disk, or "". The service
// cannot find out who may sign up at a Cognito pool, so a setting says it. The local pool needs no
// warning, because it is only for users of this machine.
func (s *settings) registrationWarning() string {
	switch {
	case s.local() || s.quota.Bytes > 0 || s.quota.Photos > 0 || s.selfRegistration == "closed":
		return ""
	case s.selfRegistration == "open":
		return "anyone may sign up and store any number of photos: set a quota with --owner-bytes or --owner-photos"
	}
	return "if anyone may sign up at the user pool, set a quota with --owner-bytes or --owner-photos; otherwise set --self-registration closed"
}

// run serves the connections that the gate accepts until ctx ends.
func (d *daemon) run(ctx context.Context, gate *httpkit.Gate, s *settings, log *slog.Logger) error {
	web := &http.Server{
		Handler: d.server, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ConnState: gate.ConnState,
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelDebug), // these are errors of clients
	}
	working, stopWorking := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { d.service.Sweeper.Run(working) })
	work.Go(func() { d.service.Background.Run(working) })
	work.Go(func() { d.pages.Run(working) })
	served := make(chan error, 1)
	go func() { served <- web.Serve(gate) }()
	var err error
	select {
	case err = <-served:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		err = d.stop(context.WithoutCancel(ctx), web, s, log)
	}
	stopWorking()
	work.Wait()
	return err
}

// stop makes /readyz answer that the service is not ready, and gives a load balancer time to
// notice. Then it accepts no more connections and waits for requests in progress. It closes the
// connections of those that take too long. Their clients can resume an upload later.
func (d *daemon) stop(ctx context.Context, web *http.Server, s *settings, log *slog.Logger) error {
	d.server.Drain()
	web.SetKeepAlivesEnabled(false) // the next request of a client goes to another replica
	time.Sleep(s.stopDelay)
	grace, cancel := context.WithTimeout(ctx, s.stopTime)
	defer cancel()
	err := web.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		log.WarnContext(ctx, "requests took too long, and their connections were closed")
		err = web.Close()
	}
	rest, cancel := context.WithTimeout(ctx, cutTime)
	defer cancel()
	return errors.Join(err, d.server.Close(rest))
}
