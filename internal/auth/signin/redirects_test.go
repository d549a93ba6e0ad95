package signin

import (
	"net"
	"slices"
	"testing"

	"photos/internal/auth"
	"photos/internal/testkit/freeport"
)

func TestPortFree(t *testing.T) {
	t.Parallel()
	uri := freeport.Redirect(t)
	if err := PortFree(t.Context(), uri); err != nil {
		t.Error(err)
	}
	l, err := net.Listen("tcp", mustURL(t, uri).Host)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := PortFree(t.Context(), uri); auth.KindOf(err) != auth.PortsTaken {
		t.Errorf("taken port: %v, want kind %s", err, auth.PortsTaken)
	}
}

// TestLocalhostMeansBothLoopbacks takes one of them. A program that listens there would get the code.
func TestLocalhostMeansBothLoopbacks(t *testing.T) {
	t.Parallel()
	six, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no ::1")
	}
	defer six.Close()
	_, port, _ := net.SplitHostPort(six.Addr().String())
	if err := PortFree(t.Context(), "http://localhost:"+port+"/callback"); auth.KindOf(err) != auth.PortsTaken {
		t.Errorf("::1 taken: %v, want kind %s", err, auth.PortsTaken)
	}
}

func TestChooseRedirects(t *testing.T) {
	t.Parallel()
	published := []string{"http://127.0.0.1:1/callback", "http://127.0.0.1:2/callback", "http://localhost:1/callback"}
	for _, test := range []struct {
		host, port string
		want       []string
	}{
		{"", "", published},
		{"localhost", "", published[2:]},
		{"", "1", []string{published[0], published[2]}},
		{"127.0.0.1", "2", published[1:2]},
		{"", "9", []string{"http://127.0.0.1:9/callback"}},
		{"::1", "9", []string{"http://[::1]:9/callback"}},
	} {
		if got := ChooseRedirects(published, test.host, test.port); !slices.Equal(got, test.want) {
			t.Errorf("host %q, port %q: %q, want %q", test.host, test.port, got, test.want)
		}
	}
	if got := ChooseRedirects(published, "[::1]", ""); len(got) != 6 {
		t.Errorf("host alone: %q, want the six ports", got)
	}
}
