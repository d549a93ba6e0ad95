package e2e

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"photos/internal/testkit/freeport"
	"photos/internal/testkit/testcert"
)

// The programs that scripts put in front of the service, where Debian installs them.
const (
	nginxPath = "/usr/sbin/nginx"
	caddyPath = "/usr/bin/caddy"
)

func installed(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

// cmdTLS puts a real proxy with a certificate in front of the service. Its address has to be
// known before the service starts, and the service's before the proxy does.
func cmdTLS(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case !neg && len(args) == 1 && args[0] == "address":
		tlsAddress(ts)
	case !neg && len(args) == 2 && args[0] == "nginx":
		runProxy(ts, exec.Command(nginxPath, "-p", ts.MkAbs("."), "-e", "nginx.err", "-c", nginxConf(ts, proxyConf(ts, args[1]))))
	case !neg && len(args) == 2 && args[0] == "caddy":
		runProxy(ts, exec.Command(caddyPath, "run", "--adapter", "caddyfile", "--config", caddyfile(ts, proxyConf(ts, args[1]))))
	default:
		ts.Fatalf("usage: tls address | nginx FILE|shipped | caddy FILE|shipped")
	}
}

// tlsAddress chooses a free address and makes a certificate for it. It sets TLS_URL, and
// SSL_CERT_FILE so that the programs trust the certificate. PLAIN_URL is the address that takes the place of port 80.
func tlsAddress(ts *testscript.TestScript) {
	addr, err := freeport.Address(context.Background())
	ts.Check(err)
	plain, err := freeport.Address(context.Background())
	ts.Check(err)
	ts.Setenv("PLAIN_URL", "http://"+plain)
	ts.Setenv("TLS_ADDRESS", addr)
	ts.Setenv("TLS_URL", "https://"+addr)
	ts.Check(makeCertificate(ts.MkAbs("cert.pem"), ts.MkAbs("key.pem")))
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("cert.pem"))
}

// makeCertificate writes a certificate for 127.0.0.1 and its key.
func makeCertificate(certFile, keyFile string) error {
	cert, key, err := testcert.New()
	if err != nil {
		return err
	}
	if err := os.WriteFile(certFile, cert, 0o600); err != nil {
		return err
	}
	return os.WriteFile(keyFile, key, 0o600)
}

// proxyConf returns a configuration, the shipped one by its file's name in deploy/, with the
// addresses and files of this script in place of those that stand there.
func proxyConf(ts *testscript.TestScript, file string) string {
	path := ts.MkAbs(file)
	if name, shipped := strings.CutPrefix(file, "deploy/"); shipped {
		path = filepath.Join(os.Getenv(envBin), "deploy", name)
	}
	text, err := os.ReadFile(path)
	ts.Check(err)
	address := ts.Getenv("TLS_ADDRESS")
	return strings.NewReplacer(
		"listen 443 ", "listen "+address+" ",
		"listen 80;", "listen "+strings.TrimPrefix(ts.Getenv("PLAIN_URL"), "http://")+";",
		"server_name photos.example.org;", "server_name 127.0.0.1;",
		"photos.example.org {", "https://"+address+" {",
		"# tls ", "tls ",
		"/etc/ssl/photos/fullchain.pem", ts.MkAbs("cert.pem"),
		"/etc/ssl/photos/privkey.pem", ts.MkAbs("key.pem"),
		"127.0.0.1:8080", strings.TrimPrefix(ts.Getenv("PHOTOSD_URL"), "http://"),
		"127.0.0.1:8081", strings.TrimPrefix(ts.Getenv("REPLICA1_URL"), "http://"),
		"127.0.0.1:8082", strings.TrimPrefix(ts.Getenv("REPLICA2_URL"), "http://"),
		"127.0.0.1:8083", strings.TrimPrefix(cmp.Or(ts.Getenv("REPLICA3_URL"), ts.Getenv("REPLICA2_URL")), "http://"),
	).Replace(string(text))
}

// nginxConf writes what nginx needs around a site: one process, folders that its user may
// write to, and a log, nginx.log, of protocol, method, status and length of each request.
func nginxConf(ts *testscript.TestScript, site string) string {
	text := "daemon off;\nmaster_process off;\npid nginx.pid;\nevents {}\nhttp {\n" +
		"log_format brief '$server_protocol $request_method $status $request_length';\naccess_log nginx.log brief;\n"
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		text += fmt.Sprintf("%s_temp_path nginx.%s;\n", kind, kind)
	}
	ts.Check(os.WriteFile(ts.MkAbs("nginx.running.conf"), []byte(text+site+"}\n"), 0o600))
	return ts.MkAbs("nginx.running.conf")
}

func caddyfile(ts *testscript.TestScript, site string) string {
	const global = "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"
	ts.Check(os.WriteFile(ts.MkAbs("Caddyfile.running"), []byte(global+site), 0o600))
	return ts.MkAbs("Caddyfile.running")
}

// runProxy runs a proxy until the script ends, and waits until it accepts connections.
func runProxy(ts *testscript.TestScript, cmd *exec.Cmd) {
	log, err := os.Create(ts.MkAbs("proxy.log"))
	ts.Check(err)
	defer log.Close()
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), log, log
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "XDG_DATA_HOME="+ts.MkAbs("caddy"), "XDG_CONFIG_HOME="+ts.MkAbs("caddy"))
	background(ts, cmd)
	for deadline := time.Now().Add(startTime); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", ts.Getenv("TLS_ADDRESS"), time.Second)
		if err == nil {
			ts.Check(conn.Close())
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s does not accept connections: %v\n%s", cmd.Path, err, ts.ReadFile("proxy.log"))
		}
	}
}
