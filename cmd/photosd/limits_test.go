package main

import (
	"strings"
	"testing"

	"photos/internal/photo"
)

func TestLimitsAreSettings(t *testing.T) {
	t.Parallel()
	s, err := parseSettings([]string{"--owner-bytes", "5G"}, environ(map[string]string{"PHOTOSD_OWNER_BYTES": "1G", "PHOTOSD_OWNER_PHOTOS": "7", "PHOTOSD_PARSERS": "3"}))
	if err != nil {
		t.Fatal(err)
	}
	if q := s.limits.service().Quota; q.Bytes != 5_000_000_000 || q.Photos != 7 || q.Uploads != 1000 || s.limits.service().Parsers != 3 {
		t.Errorf("%+v", s.limits.service())
	}
	for _, args := range [][]string{
		{"--owner-bytes", "much"}, {"--owner-photos", "-1"}, {"--owner-uploads", "0"}, {"--parsers", "-1"}, {"--connections", "0"}, {"--search-time", "0s"},
		{"--pool-id", "eu-west-1_A", "--client-id", "c", "--self-registration", "maybe"}, {"--self-registration", "open"},
	} {
		if _, err := parseSettings(args, none); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// The start prints a warning if strangers may sign up and no quota keeps them from filling the disk.
func TestRegistrationWarning(t *testing.T) {
	t.Parallel()
	pool := []string{"--pool-id", "eu-west-1_A", "--client-id", "c"}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, ""},
		{pool, "if anyone may sign up"},
		{append(pool, "--self-registration", "open"), "anyone may sign up and store"},
		{append(pool, "--self-registration", "closed"), ""},
		{append(pool, "--self-registration", "open", "--owner-bytes", "1G"), ""},
		{append(pool, "--self-registration", "open", "--owner-photos", "1000"), ""},
		{append(pool, "--owner-photos", "1000"), ""},
	} {
		s, err := parseSettings(c.args, none)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.registrationWarning(); !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%v: %q, want %q", c.args, got, c.want)
		}
	}
}

// When few descriptors are allowed, the service allows fewer connections.
func TestConnectionsFollowDescriptors(t *testing.T) {
	t.Parallel()
	n, known := descriptors()
	if !known {
		t.Skip("the system has no limit of descriptors")
	}
	if got := connections(1 << 30); got > n/2 {
		t.Errorf("%d connections with %d descriptors", got, n)
	}
	if got := connections(10); got != 10 {
		t.Errorf("%d connections of 10", got)
	}
}
