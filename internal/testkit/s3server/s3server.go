// Package s3server runs a real S3 server for tests: versitygw over a temporary folder, in a
// process of its own. It is built from tools/s3 on first use.
package s3server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"photos/internal/testkit/freeport"
	"photos/internal/testkit/gotool"
	"photos/internal/testkit/testcert"
)

// The account that the server knows, and its region.
const (
	AccessKey = "photos-test"
	SecretKey = "a secret of the tests"
	Region    = "eu-central-1"
)

// The other account, which may do nothing until Server.LetRead allows it to.
const (
	OtherAccessKey = "photos-other"
	OtherSecretKey = "another secret of the tests"
)

const startTime = time.Minute

// Build builds the server once for all runs and returns its path.
func Build(ctx context.Context) (string, error) {
	return gotool.Build(ctx, "s3", "github.com/versity/versitygw/cmd/versitygw")
}

// Options say how a server runs.
type Options struct {
	TLS      bool   // with a certificate of its own
	ReadOnly bool   // refuses every change
	Program  string // as Build returns it; empty: Start calls Build
	Folder   string // of its objects; empty: a temporary one
}

// A Server is a running server.
type Server struct {
	URL    string
	CAFile string // of a server with TLS
	Folder string // has a folder for each bucket

	dir  string
	cmd  *exec.Cmd
	done chan struct{}
}

// Start starts a server and waits until it answers.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Program == "" {
		bin, err := Build(ctx)
		if err != nil {
			return nil, err
		}
		o.Program = bin
	}
	dir, err := os.MkdirTemp("", "s3-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, Folder: o.Folder, done: make(chan struct{})}
	if s.Folder == "" {
		s.Folder = filepath.Join(dir, "objects")
	}
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, o Options) error {
	sidecar, iam := filepath.Join(s.dir, "sidecar"), filepath.Join(s.dir, "iam") // not every file system has extended attributes
	for _, dir := range []string{s.Folder, sidecar, iam} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(iam, "users.json"), []byte(users), 0o600); err != nil {
		return err
	}
	address, err := freeport.Address(ctx)
	if err != nil {
		return err
	}
	s.URL = "http://" + address
	args := []string{"--region", Region, "--port", address, "--quiet", "--keep-alive", "--iam-dir", iam}
	if o.TLS {
		cert, key := filepath.Join(s.dir, "cert.pem"), filepath.Join(s.dir, "key.pem")
		if err := writeCertificate(cert, key); err != nil {
			return err
		}
		s.URL, s.CAFile = "https://"+address, cert
		args = append(args, "--cert", cert, "--key", key)
	}
	if o.ReadOnly {
		args = append(args, "--readonly")
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.CommandContext(context.WithoutCancel(ctx), o.Program, append(args, "posix", "--sidecar", sidecar, s.Folder)...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, log, log
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+AccessKey, "ROOT_SECRET_ACCESS_KEY="+SecretKey)
	endWithTests(s.cmd)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	go func() { defer close(s.done); _ = s.cmd.Wait() }()
	return s.await(ctx, address)
}

// users are the accounts besides the server's own, as versitygw keeps them.
const users = `{"accessAccounts": {"` + OtherAccessKey + `": {"access": "` + OtherAccessKey + `", "secret": "` + OtherSecretKey + `", "role": "user"}}}`

func writeCertificate(certFile, keyFile string) error {
	cert, key, err := testcert.New()
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(certFile, cert, 0o600), os.WriteFile(keyFile, key, 0o600))
}

func (s *Server) await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-s.done:
			return fmt.Errorf("versitygw ended:\n%s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("versitygw does not listen: %w\n%s", err, s.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Log returns what the server said.
func (s *Server) Log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text)
}

// Process returns the running process.
func (s *Server) Process() *os.Process { return s.cmd.Process }

// Close ends the server and removes its folder.
func (s *Server) Close() error {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	return os.RemoveAll(s.dir)
}
