package oidc

import (
	"context"
	"net/http"
	"time"

	"photos/internal/auth"
)

// ClockTolerance is how far two clocks may differ before the difference is reported.
const ClockTolerance = time.Minute

// clockOff returns how far the clock of a server is ahead of this machine's. date is
// the Date header of an answer that arrived at received (RFC 9110, section 6.6.1). It
// returns 0 if there is no valid date or the difference is within [ClockTolerance].
//
// An access token does not need it: its lifetime is counted from its arrival by this
// machine's clock. An ID token does, because its exp claim is by the provider's clock.
func clockOff(date string, received time.Time) time.Duration {
	server, err := time.Parse(time.RFC1123, date)
	if err != nil {
		return 0
	}
	if off := server.Sub(received); off.Abs() > ClockTolerance {
		return off.Round(time.Second)
	}
	return 0
}

// ClockOff asks the server at address how far its clock is ahead of this machine's. It
// returns 0 if the difference is within [ClockTolerance]. A nil rt is
// http.DefaultTransport.
func ClockOff(ctx context.Context, rt http.RoundTripper, address string) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return 0, &auth.Error{Kind: auth.Misconfigured, Msg: "address of the clock", Err: err}
	}
	resp, err := newHTTPClient(rt).Do(req)
	if err != nil {
		return 0, unreachable(ctx, "comparing clocks", err)
	}
	defer resp.Body.Close()
	return clockOff(resp.Header.Get("Date"), time.Now()), nil
}
