// Package client is the typed client of the photo service's HTTP API. It adds no
// credentials; the transport that it is given does. It retries requests that may be
// repeated, gives up only after a time without progress, and returns every failure as a
// *photo.Error.
package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Options say how a Client works.
type Options struct {
	Server    string            // the service's address, without a trailing slash
	Transport http.RoundTripper // adds the credentials; nil: http.DefaultTransport
	Patience  time.Duration     // how long without progress before giving up; 0: a minute
	Rate      int64             // bytes per second of all photos together, in both directions; 0: no limit
	Agent     string            // the User-Agent header

	// Outage is how long requests wait for a service that has answered and is away now;
	// less than Patience: as long as that. Away is called once for each outage that lasts
	// for some seconds, with its reason and when the requests give up. Back is called after
	// it. Both may be nil.
	Outage time.Duration
	Away   func(reason error, until time.Time)
	Back   func()

	// Piece is how many bytes of a photo one request may carry, as an earlier client
	// learned from a proxy; 0: any number. Learned is called when this client learns a
	// new size. It may be nil.
	Piece   int64
	Learned func(piece int64)
}

// Client is safe for concurrent use.
type Client struct {
	hc       *http.Client
	base     *url.URL
	patience time.Duration
	agent    string
	limit    *rate.Limiter
	writer   string      // names this process to the service, which so tells its retries from other clients
	reached  atomic.Bool // the service has answered this process at least once
	outage   outage

	piece         atomic.Int64 // bytes that one request may carry; 0: any number
	reportedPiece atomic.Int64 // the size that learned was last called with
	learned       func(piece int64)
}

// New returns a client of one service.
func New(o Options) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(o.Server, "/"))
	if err != nil {
		return nil, fmt.Errorf("service address: %w", err)
	}
	if o.Patience <= 0 {
		o.Patience = time.Minute
	}
	c := &Client{
		hc:       &http.Client{Transport: o.Transport},
		base:     base,
		patience: o.Patience,
		agent:    o.Agent,
		limit:    limiter(o.Rate),
		writer:   rand.Text(),
		learned:  o.Learned,
		outage:   outage{wait: max(o.Outage, o.Patience), away: o.Away, back: o.Back},
	}
	c.hc.CheckRedirect = c.checkRedirect
	c.piece.Store(o.Piece)
	c.reportedPiece.Store(o.Piece)
	return c, nil
}

// burst is how many bytes may pass a limiter at once.
const burst = 1 << 20

func limiter(bytesPerSecond int64) *rate.Limiter {
	if bytesPerSecond <= 0 {
		return nil
	}
	l := rate.NewLimiter(rate.Limit(bytesPerSecond), burst)
	l.AllowN(time.Now(), burst) // so that the limit applies from the first byte
	return l
}

// limited returns a reader of r that is as slow as the limit of the client.
func (c *Client) limited(ctx context.Context, r io.Reader) io.Reader {
	if c.limit == nil {
		return r
	}
	return &limitedReader{ctx, r, c.limit}
}

type limitedReader struct {
	ctx   context.Context // that of the transfer
	r     io.Reader
	limit *rate.Limiter
}

// Read implements io.Reader. It reads no more than may pass in about a tenth of a second, since a
// longer pause would look like a connection that does not move.
func (r *limitedReader) Read(p []byte) (int, error) {
	most := min(max(int(r.limit.Limit()/10), 512), burst/8)
	n, err := r.r.Read(p[:min(len(p), most)])
	if n > 0 {
		if waitErr := r.limit.WaitN(r.ctx, n); waitErr != nil {
			return 0, waitErr
		}
	}
	return n, err
}

// Server returns the address of the service.
func (c *Client) Server() string { return c.base.String() }
