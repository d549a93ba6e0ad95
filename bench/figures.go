package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"photos/internal/testkit/sample"
)

// start is how long the program takes to say its version.
func (b *bench) start(ctx context.Context) error {
	const times = 20 // in one figure: a single start is too short to time
	many := func(name string, args ...string) func() (figure, error) {
		return func() (figure, error) {
			var sum figure
			for range times {
				f, err := timed(exec.CommandContext(ctx, filepath.Join(b.bin, name), args...))
				if err != nil {
					return sum, err
				}
				sum.seconds, sum.mib = sum.seconds+f.seconds/times, max(sum.mib, f.mib)
			}
			return sum, nil
		}
	}
	p, err := b.pairs(many("photos", "--version"), many("hello", "--version"))
	if err == nil {
		p.report("photos --version", "bare cobra")
	}
	return err
}

// site is a photosd with a signed-in client.
type site struct {
	*server
	b    *bench
	home string
}

// site starts a photosd and signs an account in. keyring leaves the tokens to
// the operating system's keyring.
func (b *bench) site(ctx context.Context, keyring bool) (*site, error) {
	dir, err := b.folder()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "photosd"), "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--log-level", "error")
	if keyring {
		return b.signedIn(ctx, cmd, dir)
	}
	return b.signedIn(ctx, cmd, dir, "--insecure-storage")
}

// signedIn starts a service and signs an account in, with further flags of photos login. The client's files are in home.
func (b *bench) signedIn(ctx context.Context, service *exec.Cmd, home string, flags ...string) (*site, error) {
	s, err := serve(service)
	if err != nil {
		return nil, err
	}
	out := &site{server: s, b: b, home: home}
	if _, err := timed(out.photos(ctx, append([]string{"login", s.addr}, flags...)...)); err != nil {
		_, stopErr := s.stop()
		return nil, errors.Join(err, stopErr)
	}
	return out, nil
}

// photos is a command of the client with this site's settings.
func (s *site) photos(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.b.bin, "photos"), args...)
	cmd.Env = append(os.Environ(),
		"PHOTOS_CONFIG_DIR="+filepath.Join(s.home, "config"), "XDG_CACHE_HOME="+filepath.Join(s.home, "cache"), "XDG_STATE_HOME="+filepath.Join(s.home, "state"),
		"PHOTOS_SERVER=", "PHOTOS_TOKEN=", "PHOTOS_TOKEN_FILE=", "PHOTOS_PROFILE=",
		"PHOTOS_BROWSER="+filepath.Join(s.b.bin, "xdg-open"),
		"PERSON_EMAIL="+filepath.Base(s.home)+"@example.org", "PERSON_NICKNAME=Bench", "PERSON_PASSWORD=a long bench password", "PERSON_SIGNUP=1")
	return cmd
}

// token is how long a valid cached token takes from the real keyring.
func (b *bench) token(ctx context.Context) error {
	s, err := b.site(ctx, true)
	if err != nil {
		fmt.Printf("%-28s not measured: %s\n", "photos token", firstLine(err))
		return nil
	}
	defer s.stop()
	service, entry, err := s.entry()
	if err != nil {
		return err
	}
	p, err := b.pairs(
		func() (figure, error) { return timed(s.photos(ctx, "token")) },
		func() (figure, error) {
			return timed(exec.CommandContext(ctx, filepath.Join(b.bin, "keyring"), service, entry))
		})
	if err == nil {
		p.report("photos token", "bare keyring read")
		err = s.tokensAtOnce(ctx)
	}
	return errors.Join(err, s.photos(ctx, "logout").Run())
}

// tokensAtOnce runs many `photos token` side by side, all of which must succeed.
func (s *site) tokensAtOnce(ctx context.Context) error {
	const processes = 50
	errs := make([]error, processes)
	start := time.Now()
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = timed(s.photos(ctx, "token")) })
	}
	all.Wait()
	took := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	fmt.Printf("%-28s %.3f s, all succeeded\n", fmt.Sprintf("%d photos token at once", processes), took.Seconds())
	return nil
}

// request is one that a service was asked.
type request struct{ Method, Path string }

// counted starts a photosd that writes down what it is asked, and gives it to do, with a client that is not
// signed in. It returns what was asked after before; before may be nil.
func (b *bench) counted(ctx context.Context, before, do func(*site) error) ([]request, error) {
	dir, err := b.folder()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "photosd"), "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--log-level", "info", "--log-format", "json")
	cmd.Stderr = log
	s, err := serve(cmd)
	if err != nil {
		return nil, err
	}
	site := &site{server: s, b: b, home: dir}
	var skip int64
	if before != nil {
		err = before(site)
		if info, statErr := log.Stat(); statErr == nil {
			skip = info.Size()
		}
	}
	if err == nil {
		err = do(site)
	}
	_, stopErr := s.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(log.Name())
	if err != nil {
		return nil, err
	}
	var out []request
	for line := range strings.Lines(string(text[skip:])) {
		var r request
		if json.Unmarshal([]byte(line), &r) == nil && r.Path != "" { // others are for people
			out = append(out, r)
		}
	}
	return out, nil
}

// login is how often the program, not the browser, asks the provider to sign a
// person in. The protocol needs the provider's description, its keys and the tokens.
func (b *bench) login(ctx context.Context) error {
	var f figure
	requests, err := b.counted(ctx, nil, func(s *site) (err error) {
		f, err = timed(s.photos(ctx, "login", s.addr, "--insecure-storage"))
		return err
	})
	if err != nil {
		return err
	}
	notItsOwn := []string{"/oauth2/authorize", "/login", "/signup", "/confirmUser", "/.well-known/oauth-protected-resource"}
	var asked []string
	for _, r := range requests {
		if !slices.Contains(notItsOwn, r.Path) {
			asked = append(asked, path.Base(r.Path))
		}
	}
	fmt.Printf("%-28s %.3f s, the provider was asked %d times, 3 are needed: %s\n", "photos login", f.seconds, len(asked), strings.Join(asked, ", "))
	return nil
}

// requests is how many an upload of B takes, and how many more a second one.
func (b *bench) requests(ctx context.Context) error {
	dir, n, err := b.files(corpora[1])
	if err != nil {
		return err
	}
	login := func(s *site) error { return s.photos(ctx, "login", s.addr, "--insecure-storage").Run() }
	upload := func(s *site) error {
		_, err := timed(s.photos(ctx, "upload", "--quiet", dir))
		return err
	}
	first, err := b.counted(ctx, login, upload)
	if err != nil {
		return err
	}
	again, err := b.counted(ctx, func(s *site) error { return errors.Join(login(s), upload(s)) }, upload)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name     string
		requests []request
	}{{"upload B", first}, {"upload B again", again}} {
		count := map[string]int{}
		for _, r := range c.requests {
			count[r.Method+" "+r.Path]++
		}
		fmt.Printf("%-28s %d requests for %d photos: %v\n", c.name, len(c.requests), n, count)
	}
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// upload compares a whole upload with the floor's and, when it is there, rclone's.
func (b *bench) upload(ctx context.Context, c corpus) error {
	dir, n, err := b.files(c)
	if err != nil {
		return err
	}
	var serviceMiB float64
	ours := func() (figure, error) {
		s, err := b.site(ctx, false)
		if err != nil {
			return figure{}, err
		}
		f, err := timed(s.photos(ctx, "upload", "--quiet", dir))
		if err == nil {
			err = s.holds(ctx, n)
		}
		mib, stopErr := s.stop()
		serviceMiB = max(serviceMiB, mib)
		return f, errors.Join(err, stopErr)
	}
	p, err := b.pairs(ours, func() (figure, error) { return b.floor(ctx, dir) })
	if err != nil {
		return err
	}
	p.report("upload "+c.name, "floor")
	fmt.Printf("%-28s service %.0f MiB\n", "", serviceMiB)
	if _, err := exec.LookPath("rclone"); err != nil {
		fmt.Printf("%-28s rclone is not on PATH: not compared\n", "")
		return nil
	}
	p, err = b.pairs(ours, func() (figure, error) { return b.rclone(ctx, dir) })
	if err == nil {
		p.report("upload "+c.name, "rclone")
	}
	return err
}

// holds requires that the service has so many photos.
func (s *site) holds(ctx context.Context, want int) error {
	out, err := s.photos(ctx, "list", "--quiet").Output()
	if err != nil {
		return err
	}
	if got := strings.Count(string(out), "\n"); got != want {
		return fmt.Errorf("%d photos arrived, want %d", got, want)
	}
	return nil
}

// floor is one upload to the floor's server.
func (b *bench) floor(ctx context.Context, dir string) (figure, error) {
	self, err := os.Executable()
	if err != nil {
		return figure{}, err
	}
	data, err := b.folder()
	if err != nil {
		return figure{}, err
	}
	s, err := serve(exec.CommandContext(ctx, self, "floor-serve", data))
	if err != nil {
		return figure{}, err
	}
	f, err := timed(exec.CommandContext(ctx, self, "floor-put", s.addr, dir))
	_, stopErr := s.stop()
	return f, errors.Join(err, stopErr)
}

// rclone is one upload with rclone to its own S3 server, which does not sync.
func (b *bench) rclone(ctx context.Context, dir string) (figure, error) {
	data, err := b.folder()
	if err != nil {
		return figure{}, err
	}
	if err := os.Mkdir(filepath.Join(data, "bucket"), 0o700); err != nil {
		return figure{}, err
	}
	const addr = "127.0.0.1:18999"
	server := exec.CommandContext(ctx, "rclone", "serve", "s3", "--addr", addr, "--auth-key", "bench,benchbench", data)
	if err := server.Start(); err != nil {
		return figure{}, err
	}
	time.Sleep(time.Second) // it says nothing when it is ready
	remote := ":s3,provider=Rclone,endpoint='http://" + addr + "',access_key_id=bench,secret_access_key=benchbench:bucket"
	f, err := timed(exec.CommandContext(ctx, "rclone", "copy", "--transfers", "16", dir, remote))
	killErr := server.Process.Kill()
	_ = server.Wait() // killed a moment ago
	return f, errors.Join(err, killErr)
}

// again is a second upload of B, when there is nothing to do, against walking
// the folder and asking for every file's status.
func (b *bench) again(ctx context.Context) error {
	dir, _, err := b.files(corpora[1])
	if err != nil {
		return err
	}
	s, err := b.site(ctx, false)
	if err != nil {
		return err
	}
	defer s.stop()
	time.Sleep(2 * time.Second) // files this young are read again, whatever is remembered
	if _, err := timed(s.photos(ctx, "upload", "--quiet", dir)); err != nil {
		return err
	}
	p, err := b.pairs(
		func() (figure, error) { return timed(s.photos(ctx, "upload", "--quiet", dir)) },
		func() (figure, error) { return walk(dir) })
	if err == nil {
		p.report("upload B again", "walk and stat")
	}
	return err
}

func walk(dir string) (figure, error) {
	start := time.Now()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil {
			_, err = d.Info()
		}
		return err
	})
	return figure{seconds: time.Since(start).Seconds()}, err
}

// library is B again when 100,000 photos are there already, against an empty library.
func (b *bench) library(ctx context.Context) error {
	full, err := b.site(ctx, false)
	if err != nil {
		return err
	}
	defer full.stop()
	// Each run has photos of its own, since a library keeps them; and on both sides they were written
	// just before, so that the disk is as busy.
	runs := 0
	fresh := func() (string, error) {
		runs++
		own, c := filepath.Join(b.dir, fmt.Sprint("more", runs)), corpora[1]
		return own, sample.Write(own, max(1, int(float64(c.files)*b.scale)), int(c.bytes), uint64(10_000_000*runs))
	}
	stored := int(100_000 * b.scale)
	many := filepath.Join(b.dir, "many")
	if err := sample.Write(many, stored, 1000, 1_000_000); err != nil {
		return err
	}
	first, err := timed(full.photos(ctx, "upload", "--quiet", many))
	if err != nil {
		return err
	}
	fmt.Printf("%-28s ours %.1f s   client %.0f MiB\n", fmt.Sprintf("upload %d files of 1 kB", stored), first.seconds, first.mib)
	p, err := b.pairs(func() (figure, error) {
		own, err := fresh()
		if err != nil {
			return figure{}, err
		}
		return timed(full.photos(ctx, "upload", "--quiet", own))
	}, func() (figure, error) {
		own, err := fresh()
		if err != nil {
			return figure{}, err
		}
		s, err := b.site(ctx, false)
		if err != nil {
			return figure{}, err
		}
		f, err := timed(s.photos(ctx, "upload", "--quiet", own))
		_, stopErr := s.stop()
		return f, errors.Join(err, stopErr)
	})
	if err == nil {
		p.report(fmt.Sprintf("upload B to %d photos", stored), "empty library")
	}
	return err
}

// entry is where the keyring keeps the access token of the site's only profile.
func (s *site) entry() (service, key string, err error) {
	text, err := os.ReadFile(filepath.Join(s.home, "config", "profiles", "default.json"))
	if err != nil {
		return "", "", err
	}
	var profile struct {
		Session struct {
			Credential string `json:"credential"`
		} `json:"session"`
	}
	if err := json.Unmarshal(text, &profile); err != nil {
		return "", "", err
	}
	return "photos", profile.Session.Credential + ".access", nil
}

// huge is what memory one video of 32 GiB takes. Its bytes are zeros that take no
// room on this disk, and none on the service's, which digests and drops them.
func (b *bench) huge(ctx context.Context) error {
	dir := filepath.Join(b.dir, "huge")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	name, size := filepath.Join(dir, "huge.mp4"), int64(float64(32<<30)*b.scale)
	if err := sparseMovie(name, size); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	svc, err := serve(exec.CommandContext(ctx, self, "discard-serve", dir))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "photos"), "upload", "--quiet", name)
	cmd.Env = append(os.Environ(), "PHOTOS_CONFIG_DIR="+dir, "HOME="+dir, "XDG_STATE_HOME="+dir, "PHOTOS_SERVER=http://"+svc.addr, "PHOTOS_TOKEN=any", "PHOTOS_TOKEN_FILE=")
	f, err := timed(cmd)
	mib, stopErr := svc.stop()
	if err := errors.Join(err, stopErr, os.RemoveAll(dir)); err != nil {
		return err
	}
	fmt.Printf("%-28s ours %.1f s   client %.0f MiB   service %.0f MiB\n", fmt.Sprintf("upload one file of %d GiB", size>>30), f.seconds, f.mib, mib)
	return nil
}

// sparseMovie makes a file of size bytes that begins as an MP4 does: ftyp, and an
// mdat with a 64-bit size (ISO/IEC 14496-12, 4.2).
func sparseMovie(path string, size int64) error {
	head := []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42\x00\x00\x00\x01mdat")
	head = binary.BigEndian.AppendUint64(head, uint64(size-24))
	if err := os.WriteFile(path, head, 0o600); err != nil {
		return err
	}
	return os.Truncate(path, size)
}
