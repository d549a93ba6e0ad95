package auth

import "time"

// tolerated is how far two clocks may differ before anybody hears of it.
const tolerated = time.Minute

// skew is how far the clock of a server is ahead of ours, from the Date header of an
// answer that arrived at received (RFC 9110, section 6.6.1: whole seconds). Zero when
// the header does not say or they agree well enough.
//
// Access tokens do not need it: their end is our clock at receipt plus their lifetime.
// An ID token's does, because its exp is by the provider's clock.
func skew(date string, received time.Time) time.Duration {
	server, err := time.Parse(time.RFC1123, date)
	if err != nil {
		return 0
	}
	if off := server.Sub(received); off.Abs() > tolerated {
		return off.Round(time.Second)
	}
	return 0
}

// worthTelling reports whether a difference is news against the one last told.
func worthTelling(off, told time.Duration) bool {
	return off != 0 && (off-told).Abs() > tolerated
}
