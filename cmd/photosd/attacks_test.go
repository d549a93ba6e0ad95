//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/store/sqldb"
	"photos/internal/testkit/sample"
)

// The limit of the service's memory, whatever eight clients do: the target of the garbage collector, and the
// program itself. The bodies and answers of all clients are in memory at the same time.
const (
	attackers = 8
	maxMemory = memoryTarget + 48<<20
)

// victim is the real program and the access tokens to call it.
type victim struct {
	t      *testing.T
	url    string
	pid    int
	tokens []string // one per attacker
	db     *sqldb.DB
}

// startVictim builds photosd and starts it. It builds without the race detector, which needs much more memory.
func startVictim(t *testing.T) *victim {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "photosd")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	issuer, sign := startIssuer(t)
	data := filepath.Join(dir, "data")
	cmd := exec.Command(bin, "--listen", "127.0.0.1:0", "--data", data, "--issuer", issuer, "--client-id", "cli", "--log-level", "error")
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=", "PATH=") // programs that decode pictures would take a minute for the huge ones
	cmd.Stderr = t.Output()
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("photosd ended: %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	must(t, err)
	v := &victim{t: t, url: strings.TrimSpace(strings.TrimPrefix(line, "photosd listening on ")), pid: cmd.Process.Pid}
	for i := range attackers + 1 {
		v.tokens = append(v.tokens, sign(fmt.Sprint("user", i)))
	}
	v.db, err = sqldb.Open(t.Context(), "sqlite:"+filepath.Join(data, "photos.db"))
	must(t, err)
	t.Cleanup(func() { v.db.Close() })
	return v
}

// startIssuer publishes a key and signs access tokens with it.
func startIssuer(t *testing.T) (issuer string, sign func(subject string) string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	keys := map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
	}}}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(keys) }))
	t.Cleanup(web.Close)
	issuer = web.URL + "/pool"
	return issuer, func(subject string) string {
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss": issuer, "sub": subject, "client_id": "cli", "token_use": "access", "scope": "openid",
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		})
		token.Header["kid"] = "k"
		text, err := token.SignedString(key)
		must(t, err)
		return text
	}
}

// call sends a request of an attacker and returns the status, or 0 when the connection broke.
func (v *victim) call(who int, method, path string, header map[string]string, body []byte) (status int, answer []byte) {
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, bytes.NewReader(body))
	if err != nil {
		v.t.Error(err)
		return 0, nil
	}
	req.Header.Set("Authorization", "Bearer "+v.tokens[who])
	req.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	if path == api.PathMe {
		answer, _ = io.ReadAll(res.Body)
	} else {
		_, _ = io.Copy(io.Discard, res.Body)
	}
	return res.StatusCode, answer
}

// upload sends a whole photo.
func (v *victim) upload(who int, data []byte) int {
	status, _ := v.call(who, http.MethodPost, api.PathUploads, map[string]string{
		api.HeaderTusResumable: api.TusVersion, api.HeaderUploadLength: strconv.Itoa(len(data)), "Content-Type": api.OffsetContentType,
	}, data)
	return status
}

// library stores photos with the longest descriptions for the first attacker, and returns their IDs.
func (v *victim) library(n int) []photo.ID {
	v.t.Helper()
	var me api.Me
	_, answer := v.call(0, http.MethodGet, api.PathMe, nil, nil)
	must(v.t, json.Unmarshal(answer, &me))
	ids := make([]photo.ID, n)
	description := strings.Repeat("a lake at dawn ", photo.MaxDescription/15)
	var adding sync.WaitGroup
	for worker := range 100 {
		adding.Go(func() {
			for i := worker; i < n; i += 100 {
				ids[i] = sha256.Sum256(fmt.Append(nil, i))
				p := photo.Photo{ID: ids[i], Size: 1, MediaType: "image/jpeg", Description: description, DescriptionSource: photo.FromFlag}
				if _, err := v.db.Add(context.Background(), me.Owner, p, fmt.Sprint("key", i)); err != nil {
					v.t.Error(err)
				}
			}
		})
	}
	adding.Wait()
	return ids
}

// memory returns the largest resident size so far.
func (v *victim) memory() int64 {
	v.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.pid))
	must(v.t, err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	must(v.t, err)
	return kib << 10
}

// hostileWebP returns a WebP with 8 MiB of XMP that is as costly to parse as possible.
func hostileWebP(seed int) []byte {
	xmp := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description` +
		strings.Repeat(` a:b="c"`, 1<<20-100) + fmt.Sprintf(` n="%04d"/></rdf:RDF></x:xmpmeta>`, seed)
	chunk := func(kind string, b []byte) []byte {
		return append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(b))), b...)
	}
	body := append([]byte("WEBP"), chunk("VP8X", make([]byte, 10))...)
	body = append(body, chunk("XMP ", []byte(xmp[:len(xmp)/2*2]))...)
	return chunk("RIFF", body)
}

// hostileJPEG returns a progressive JPEG of 169 million pixels in a few hundred bytes.
func hostileJPEG(seed int) []byte {
	segment := func(marker byte, body ...byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(body))), body...)
	}
	file := append([]byte{0xff, 0xd8}, segment(0xfe, fmt.Appendf(nil, "%d", seed)...)...)
	file = append(file, segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)...)
	file = append(file, segment(0xc4, append([]byte{0, 1}, make([]byte, 16)...)...)...)
	side := binary.BigEndian.AppendUint16(nil, 13_000)
	file = append(file, segment(0xc2, append(append(append([]byte{8}, side...), side...), 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0)...)...)
	return append(append(file, segment(0xda, 1, 1, 0, 0, 0, 0)...), make([]byte, 100)...)
}

// announce opens connections on which a large body is announced and never sent, and closes them when all are open.
func (v *victim) announce(who, n int) {
	v.begin(n, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 40000000\r\n\r\n{",
		api.PathCheck, strings.TrimPrefix(v.url, "http://"), v.tokens[who])
}

// trickle opens connections on which a photo is uploaded of which only the start comes, and closes them when all
// are open.
func (v *victim) trickle(who, n int) {
	data, err := sample.Picture(uint64(who), 100_000)
	must(v.t, err)
	v.begin(n, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nTus-Resumable: 1.0.0\r\nUpload-Length: %[4]d\r\nContent-Type: %s\r\nContent-Length: %[4]d\r\n\r\n%[6]s",
		api.PathUploads, strings.TrimPrefix(v.url, "http://"), v.tokens[who], photo.MaxWhole, api.OffsetContentType, data)
}

// begin opens connections, sends the beginning of a request on each, and closes them when all are open.
func (v *victim) begin(n int, request string, args ...any) {
	open := v.dial(n)
	for _, c := range open {
		_, _ = fmt.Fprintf(c, request, args...)
	}
	enough := time.Now().Add(200 * time.Millisecond)
	for _, c := range open {
		must(v.t, c.SetReadDeadline(enough))
		_, _ = c.Read(make([]byte, 1)) // an answer, or none
		c.Close()
	}
}

// Eight clients make requests that once took gigabytes of memory, while another user uploads. The uploads
// succeed, and memory stays below a limit.
func TestAttacks(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the program")
	}
	t.Parallel()
	v := startVictim(t)
	ids := v.library(3000)
	check := func(ids []photo.ID, how photo.Scrutiny) []byte {
		body, err := json.Marshal(api.CheckRequest{IDs: ids, Verify: how})
		must(t, err)
		return body
	}
	many := check(append(ids, ids[:2000]...), photo.LookAtRow)
	same := make([]photo.ID, photo.MaxCheck)
	empty := []byte(`{"items":[{}` + strings.Repeat(",{}", 8<<20/3-10) + `]}`)
	long := []byte(`{"items":[{}` + strings.Repeat(`,{"description":"`+strings.Repeat(`\u00e9`, 1350)+`"}`, 999) + `]}`)
	words := strings.Repeat("lake+a+dawn+at+la+ak+ke+da+", 4)[:100]
	for _, attack := range []struct {
		name string
		do   func(who, round int)
	}{
		{"empty items", func(who, _ int) { v.call(who, http.MethodPatch, api.PathPhotos, nil, empty) }},
		{"long descriptions", func(who, _ int) { v.call(who, http.MethodPatch, api.PathPhotos, nil, long) }},
		{"searches", func(_, round int) {
			v.call(0, http.MethodGet, fmt.Sprintf("%s?search=%s+absent%d", api.PathPhotos, words, round), nil, nil)
		}},
		{"long lists", func(_, _ int) { v.call(0, http.MethodGet, api.PathPhotos+"?limit=5000", nil, nil) }},
		{"checks", func(_, _ int) { v.call(0, http.MethodPost, api.PathCheck, nil, many) }},
		{"deep checks", func(who, _ int) { v.call(who, http.MethodPost, api.PathCheck, nil, check(same, photo.LookAtBytes)) }},
		{"hostile pictures", func(who, round int) { v.upload(who, hostileWebP(who*100+round)) }},
		{"huge pictures", func(who, round int) {
			file := hostileJPEG(who*100 + round)
			v.upload(who, file)
			v.call(who, http.MethodGet, fmt.Sprintf("%s/%x/thumbnail", api.PathPhotos, sha256.Sum256(file)), nil, nil)
		}},
		{"announced bodies", func(who, _ int) { v.announce(who, 20) }},
		{"slow uploads", func(who, round int) {
			if round == 0 {
				v.trickle(who, 60)
			}
		}},
		{"announcements", func(who, _ int) {
			for range 50 {
				v.call(who, http.MethodPost, api.PathUploads, map[string]string{
					api.HeaderTusResumable: api.TusVersion, api.HeaderUploadLength: strconv.Itoa(64 << 30),
				}, nil)
			}
		}},
		{"idle connections", func(_, _ int) { v.idle(100) }},
	} {
		uploads := v.during(func() { v.attack(attack.do) })
		t.Logf("after %s: %d MiB, %d uploads", attack.name, v.memory()>>20, uploads)
		if memory := v.memory(); memory > maxMemory {
			t.Errorf("after %s: %d MiB", attack.name, memory>>20)
		}
		if uploads == 0 {
			t.Errorf("during %s nothing could be uploaded", attack.name)
		}
	}
}

// attack lets every attacker do something three times.
func (v *victim) attack(do func(who, round int)) {
	var attacks sync.WaitGroup
	for who := range attackers {
		attacks.Go(func() {
			for round := range 3 {
				do(who, round)
			}
		})
	}
	attacks.Wait()
}

// idle opens connections and closes them when all are open.
func (v *victim) idle(n int) {
	for _, c := range v.dial(n) {
		c.Close()
	}
}

// dial opens connections, fewer than n if one fails.
func (v *victim) dial(n int) []net.Conn {
	var open []net.Conn
	for range n {
		c, err := net.Dial("tcp", strings.TrimPrefix(v.url, "http://"))
		if err != nil {
			v.t.Error(err)
			break
		}
		open = append(open, c)
	}
	return open
}

// during uploads photos of another user while do runs. Then it uploads one more. It returns how many were stored.
func (v *victim) during(do func()) int {
	v.t.Helper()
	var stop atomic.Bool
	stored, done := 0, make(chan error, 1)
	go func() {
		for last := false; !last; {
			last = stop.Load()
			data, err := sample.Picture(uint64(time.Now().UnixNano()), 100_000)
			if err != nil {
				done <- err
				return
			}
			switch status := v.upload(attackers, data); status {
			case http.StatusCreated:
				stored++
			case 0: // an idle connection was closed to make room for another one: a client repeats its request
			default:
				done <- errors.New("an upload ended with status " + strconv.Itoa(status))
				return
			}
		}
		done <- nil
	}()
	do()
	stop.Store(true)
	if err := <-done; err != nil {
		v.t.Error(err)
	}
	return stored
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
