package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"photos/internal/photo"
)

// serveMetrics shows the figures of the service at a listener of their own, until the returned
// function is called. Without an address it does nothing.
func (d *daemon) serveMetrics(ctx context.Context, address string, log *slog.Logger, talk *talk) (stop func() error, err error) {
	if address == "" {
		return func() error { return nil }, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &photo.Error{Kind: photo.KindUnavailable, Msg: "listen for metrics", Hint: "--metrics-listen takes another address; port 0 is any free one", Err: err}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", d.metrics.Handler())
	web := &http.Server{
		Handler: mux, ReadTimeout: headerTime, WriteTimeout: idleTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	talk.say("metrics are at http://%s/metrics", listener.Addr())
	return func() error {
		err := web.Close()
		if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	}, nil
}
