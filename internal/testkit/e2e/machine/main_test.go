package main

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSSH(t *testing.T) {
	t.Parallel()
	got, err := parseSSH("  ssh -N -L 18484:localhost:18484 -L 8080:[::1]:80 -p 2222 ada@192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"18484": "localhost:18484", "8080": "[::1]:80"}, got); diff != "" {
		t.Error(diff)
	}
	for _, line := range []string{"ssh -L", "ssh -L 8080 host", "ssh -L 8080:localhost host"} {
		if got, err := parseSSH(line); err == nil {
			t.Errorf("%q: %v, and no error", line, got)
		}
	}
}

// TestForward goes from a forwarded port by the other machine's door to a port there, and
// back when the far end has the last word.
func TestForward(t *testing.T) {
	t.Parallel()
	echo, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		c, err := echo.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		said, _ := io.ReadAll(c)
		_, _ = c.Write(append([]byte("heard "), said...))
	}()
	door := filepath.Join(t.TempDir(), "door")
	if err := serve(t.Context(), "unix", door, letIn); err != nil {
		t.Fatal(err)
	}
	near := filepath.Join(t.TempDir(), "near")
	forward := func(ctx context.Context, c net.Conn) error {
		return options{to: door}.forward(ctx, c, echo.Addr().String())
	}
	if err := serve(t.Context(), "unix", near, forward); err != nil {
		t.Fatal(err)
	}
	c, err := new(net.Dialer).DialContext(t.Context(), "unix", near)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "ada"); err != nil {
		t.Fatal(err)
	}
	halfClose(c)
	if got, err := io.ReadAll(c); string(got) != "heard ada" {
		t.Errorf("%q, %v", got, err)
	}
}
