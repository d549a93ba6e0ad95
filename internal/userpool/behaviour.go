package userpool

import (
	"io"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"
)

// Behaviour makes a pool behave as Cognito may, makes it fail, and counts requests. It is
// for tests. It is safe for concurrent use, and changes take effect at once. The zero value
// changes nothing. A nil Behaviour changes and counts nothing.
type Behaviour struct {
	mu       sync.Mutex
	knobs    Knobs
	requests map[string]int
	replaced chan struct{} // closed by the next Set; nil: nobody waits for that
}

// Knobs say how a pool behaves. Zero values leave the pool as it is configured.
type Knobs struct {
	Rotation          *bool     `json:"rotation,omitempty"`
	RotationGrace     *Duration `json:"rotation_grace,omitempty"`
	AccessLifetime    Duration  `json:"access_lifetime,omitempty"`
	CodeLifetime      *Duration `json:"code_lifetime,omitempty"` // 0s: codes are expired when they arrive
	ClockOffset       Duration  `json:"clock_offset,omitempty"`  // added to the clock of tokens, lifetimes and the Date header
	RedirectMismatch  bool      `json:"redirect_mismatch,omitempty"`
	RefreshTokenBytes int       `json:"refresh_token_bytes,omitempty"` // the least size of new refresh tokens
	IDTokenPadding    int       `json:"id_token_padding,omitempty"`    // bytes of a claim that has no other use

	// Faults are by path, such as /oauth2/token. Paths of the documents about the issuer begin with /.well-known/.
	Faults map[string]Fault `json:"faults,omitempty"`
}

// Fault says how requests fail.
type Fault struct {
	Times      int      `json:"times,omitempty"`       // how many requests fail; 0: all
	Delay      Duration `json:"delay,omitempty"`       // before the answer, until the knobs are replaced; without another fault, the answer is only late
	Status     int      `json:"status,omitempty"`      // of the answer; 0: none
	RetryAfter string   `json:"retry_after,omitempty"` // the header Retry-After
	Body       string   `json:"body,omitempty"`        // of the answer, as it is
	Reset      bool     `json:"reset,omitempty"`       // resets the connection instead of answering
	Lost       bool     `json:"lost,omitempty"`        // carries the request out first, and drops its answer
}

// Duration is a time.Duration that is "1m30s" in JSON.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// Set replaces all knobs. Delays that are under way end.
func (b *Behaviour) Set(k Knobs) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k.Faults = maps.Clone(k.Faults)
	b.knobs = k
	if b.replaced != nil {
		close(b.replaced)
		b.replaced = nil
	}
}

// nextSet returns a channel that the next Set closes.
func (b *Behaviour) nextSet() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.replaced == nil {
		b.replaced = make(chan struct{})
	}
	return b.replaced
}

// Knobs returns the knobs that are in effect.
func (b *Behaviour) Knobs() Knobs {
	if b == nil {
		return Knobs{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.knobs
	k.Faults = maps.Clone(k.Faults)
	return k
}

// Requests returns the number of requests by path, including those that failed.
func (b *Behaviour) Requests() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.requests)
}

// around returns a handler that applies the behaviour to the handler of a path.
func (b *Behaviour) around(path string, now func() time.Time, h http.Handler) http.Handler {
	if b == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", now().UTC().Format(http.TimeFormat))
		replaced := b.nextSet()
		fault, failing := b.nextFault(path)
		if !failing {
			h.ServeHTTP(w, r)
			return
		}
		fault.serve(w, r, h, replaced)
	})
}

// nextFault counts a request and returns its fault, if it has one.
func (b *Behaviour) nextFault(path string) (Fault, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.requests == nil {
		b.requests = map[string]int{}
	}
	b.requests[path]++
	fault, failing := b.knobs.Faults[path]
	if failing && fault.Times > 0 {
		left := fault
		if left.Times--; left.Times == 0 {
			delete(b.knobs.Faults, path)
		} else {
			b.knobs.Faults[path] = left
		}
	}
	return fault, failing
}

// serve answers a request with the fault. A delay ends early when replaced is closed.
func (f Fault) serve(w http.ResponseWriter, r *http.Request, h http.Handler, replaced <-chan struct{}) {
	if f.Lost {
		h.ServeHTTP(discardedResponse{header: http.Header{}}, r)
	}
	if f.Delay > 0 {
		select {
		case <-time.After(time.Duration(f.Delay)):
		case <-replaced:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case f.Reset:
		reset(w)
	case f.Status != 0:
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, f.Body)
	case !f.Lost:
		h.ServeHTTP(w, r)
	}
}

// reset resets the connection, as after the crash of a machine.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // RST instead of FIN
	}
	_ = conn.Close()
}

// discardedResponse is a response writer that drops the answer.
type discardedResponse struct{ header http.Header }

func (d discardedResponse) Header() http.Header         { return d.header }
func (d discardedResponse) Write(b []byte) (int, error) { return len(b), nil }
func (d discardedResponse) WriteHeader(int)             {}
