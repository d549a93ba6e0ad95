package signin

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
)

const kernelTable = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4834 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
   1: 0100007F:4834 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1
   2: 0100007F:C350 0100007F:4834 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0 20 4 30 10 -1
`

func TestOwnerOfAConnection(t *testing.T) {
	t.Parallel()
	if kernelForm(netip.MustParseAddrPort("127.0.0.1:18484")) != "0100007F:4834" {
		t.Skip("the table above is of a little-endian machine")
	}
	for _, c := range []struct {
		local, remote string
		uid           int
		found         bool
	}{
		{"127.0.0.1:50000", "127.0.0.1:18484", 1001, true},
		{"127.0.0.1:18484", "127.0.0.1:50000", 1000, true},
		{"127.0.0.1:50001", "127.0.0.1:18484", 0, false},
		{"[::1]:50000", "[::1]:18484", 0, false},
	} {
		uid, found := ownerOf(strings.NewReader(kernelTable), netip.MustParseAddrPort(c.local), netip.MustParseAddrPort(c.remote))
		if uid != c.uid || found != c.found {
			t.Errorf("%s to %s: %d, %t", c.local, c.remote, uid, found)
		}
	}
}

// TestOwnerOfARealConnection reads the tables of the kernel.
func TestOwnerOfARealConnection(t *testing.T) {
	t.Parallel()
	for address, table := range map[string]string{"127.0.0.1:0": "/proc/net/tcp", "[::1]:0": "/proc/net/tcp6"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", address)
			if err != nil {
				return // no IPv6
			}
			defer l.Close()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			f, err := os.Open(table)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			local, remote := netip.MustParseAddrPort(c.LocalAddr().String()), netip.MustParseAddrPort(c.RemoteAddr().String())
			if uid, found := ownerOf(f, local, remote); !found || uid != os.Getuid() {
				t.Errorf("user %d, found %t", uid, found)
			}
			r := (&http.Request{RemoteAddr: c.LocalAddr().String()}).WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, c.RemoteAddr()))
			if fromOtherUser(r) {
				t.Error("a connection of this process is taken for another user's")
			}
		})
	}
}
