// Command demo shows the main job on throw-away data: it starts photosd, signs
// a new account up and in with the real `photos login` while a small program
// plays the user in the browser, and runs the commands a newcomer would. It
// says each command before running it, and leaves nothing behind.
//
// PHOTOS=DIR takes one's own pictures (25 or 200 MB at most) instead of the
// sample ones; KEEP=1 stays up afterwards. DATABASE_URL, or the other settings of
// photosd that name a database server, keep the metadata there.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"photos/internal/picture"
	"photos/internal/redirect"
	"photos/internal/testkit/sample"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo is one demonstration in a folder of its own.
type demo struct {
	dir, bin string
	url      string
	service  *exec.Cmd
	pool     *exec.Cmd // a user pool of its own, which photosd needs with a database server; else nil
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) != 1 {
		return errors.New("usage: demo BIN (the folder of photos, photosd and xdg-open)")
	}
	bin, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "photos-demo-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d := &demo{dir: dir, bin: bin}
	if err := collect(filepath.Join(dir, pictures), os.Getenv("PHOTOS")); err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	defer d.stop()
	if err := d.show(ctx); err != nil {
		return err
	}
	if os.Getenv("KEEP") == "" {
		return nil
	}
	if err := d.keepSheet(ctx); err != nil {
		return err
	}
	fmt.Printf("\nMy photos: open %s/myphotos in a browser and sign in as %s with the password %q.\n", d.url, demoEmail, demoPassword)
	fmt.Printf("\nThe service stays up at %s until Ctrl-C. In another terminal:\n\n  export PHOTOS_CONFIG_DIR=%s PHOTOS_PROFILE=demo\n  %s list\n",
		d.url, filepath.Join(dir, "config"), filepath.Join(bin, "photos"))
	<-ctx.Done()
	return nil
}

// The account of the demonstration.
const (
	demoEmail    = "demo@example.org"
	demoPassword = "a long demo password"
)

const (
	pictures    = "pictures" // the folder to show, in the one that the commands run in
	maxPictures = 25
	maxBytes    = 200 << 20
)

// collect puts the pictures to show into the folder to, each under its path below own.
// What is not a picture or a video is left out.
func collect(to, own string) error {
	if own == "" {
		return sample.Collect(to)
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	var n, size int64
	return filepath.WalkDir(own, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && path != own && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		case !e.Type().IsRegular() || !isPicture(path):
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if n++; n > maxPictures || size+info.Size() > maxBytes {
			return fs.SkipAll
		}
		size += info.Size()
		rel, err := filepath.Rel(own, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		return errors.Join(os.MkdirAll(filepath.Dir(target), 0o700), sample.CopyFile(target, path, 0o600))
	})
}

// isPicture reports whether a file begins like a picture or a video. One that cannot be
// read does not.
func isPicture(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, picture.HeadSize)
	n, _ := io.ReadFull(f, head) // fewer bytes are a short picture
	_, ok := picture.Sniff(head[:n])
	return ok
}

// start starts the service, and a user pool for it when the metadata is on a database server:
// the accounts of photosd itself are for one machine.
func (d *demo) start(ctx context.Context) (err error) {
	args := []string{"--listen", "127.0.0.1:0", "--data", filepath.Join(d.dir, "data")}
	if usesDatabaseServer(os.Getenv) {
		pool := []string{"-db", filepath.Join(d.dir, "pool.db"), "-client", "demo"}
		for _, uri := range redirect.On("127.0.0.1") {
			pool = append(pool, "-redirect", uri)
		}
		var address []string
		if d.pool, address, err = d.run(ctx, "poolserver", pool...); err != nil {
			return err
		}
		args = append(args, "--domain", address[3], "--issuer", address[5], "--client-id", "demo")
	}
	say("photosd --listen 127.0.0.1:0 --data data")
	var line []string
	if d.service, line, err = d.run(ctx, "photosd", args...); err != nil {
		d.stop()
		return err
	}
	fmt.Println(strings.Join(line, " "))
	d.url = line[len(line)-1]
	return nil
}

// usesDatabaseServer reports whether the settings of photosd name a database server.
func usesDatabaseServer(getenv func(string) string) bool {
	scheme, _, _ := strings.Cut(getenv("DATABASE_URL"), ":")
	return getenv("DATABASE_HOST") != "" || scheme != "" && scheme != "sqlite"
}

// run starts a server and returns the words of its first line, which name its address.
func (d *demo) run(ctx context.Context, name string, args ...string) (*exec.Cmd, []string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(d.bin, name), args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	log, err := os.Create(filepath.Join(d.dir, name+".log"))
	if err != nil {
		return nil, nil, err
	}
	defer log.Close()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	words := strings.Fields(line)
	if err != nil || !strings.HasPrefix(line, name+" listening on ") {
		_ = cmd.Wait()
		text, _ := os.ReadFile(log.Name()) // for the message only
		return nil, nil, fmt.Errorf("%s did not start: %s%s", name, line, text)
	}
	return cmd, words, nil
}

func (d *demo) stop() {
	for _, cmd := range []*exec.Cmd{d.service, d.pool} {
		if cmd == nil {
			continue
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			fmt.Fprintln(os.Stderr, "demo:", err)
		}
		_ = cmd.Wait() // told to end a moment ago: its exit code says nothing new
	}
}

// show runs the commands, the way a newcomer types them.
func (d *demo) show(ctx context.Context) error {
	first, err := firstPicture(filepath.Join(d.dir, pictures))
	if err != nil {
		return err
	}
	first = filepath.Join(pictures, first)
	id := ""
	for _, step := range []func() error{
		func() error { return d.photos(ctx, "login", d.url, "--insecure-storage") },
		func() error { return d.photos(ctx, "status") },
		func() error { return d.photos(ctx, "upload", "--desc", "The first picture of the demo", first) },
		func() error { return d.photos(ctx, "upload", pictures) },
		func() error { return d.photos(ctx, "list") },
		func() error { return d.photos(ctx, "describe", first) },
		func() error { return d.photos(ctx, "describe", first, "--desc", "Described again, from the shell") },
		func() error { return d.photos(ctx, "download", first, "-o", "back/") },
		func() (err error) {
			id, err = d.capture(ctx, "list", "--search", "described again", "--limit", "1", "--quiet")
			return err
		},
		func() error { return d.pipeline(ctx, id) },
		func() error { return d.contactSheet(ctx) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// firstPicture returns the path, below dir, of a picture in it.
func firstPicture(dir string) (string, error) {
	first := ""
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if first, err = filepath.Rel(dir, path); err != nil {
			return err
		}
		return fs.SkipAll
	})
	if err == nil && first == "" {
		err = errors.New("the folder of PHOTOS has neither pictures nor videos")
	}
	return first, err
}

func (d *demo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(d.bin, "photos"), args...)
	cmd.Env = append(os.Environ(),
		"PHOTOS_CONFIG_DIR="+filepath.Join(d.dir, "config"), "PHOTOS_PROFILE=demo", "PHOTOS_SERVER=", "PHOTOS_TOKEN=", "PHOTOS_TOKEN_FILE=",
		"PHOTOS_BROWSER="+filepath.Join(d.bin, "xdg-open"),
		"PERSON_EMAIL="+demoEmail, "PERSON_NICKNAME=Demo", "PERSON_PASSWORD="+demoPassword, "PERSON_SIGNUP=1")
	cmd.Dir, cmd.Stderr = d.dir, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// photos runs one command in the open.
func (d *demo) photos(ctx context.Context, args ...string) error {
	say("photos %s", shellWords(args))
	cmd := d.command(ctx, args...)
	cmd.Stdout = os.Stdout
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("photos %s: %w", args[0], err)
	}
	return nil
}

// capture runs one command for what it prints.
func (d *demo) capture(ctx context.Context, args ...string) (string, error) {
	say("photos %s", shellWords(args))
	out, err := d.command(ctx, args...).Output()
	if err != nil {
		return "", fmt.Errorf("photos %s: %w", args[0], err)
	}
	fmt.Print(string(out))
	return strings.TrimSpace(string(out)), nil
}

// pipeline sends a photo's bytes around: what comes out of the service is what
// went in, so that uploading it again finds it there.
func (d *demo) pipeline(ctx context.Context, id string) error {
	say("photos download %s… -o - | photos upload - --name again.jpg", id[:min(12, len(id))])
	from := d.command(ctx, "download", id, "-o", "-")
	to := d.command(ctx, "upload", "-", "--name", "again.jpg")
	pipe, err := from.StdoutPipe()
	if err != nil {
		return err
	}
	to.Stdin, to.Stdout = pipe, os.Stdout
	if err := errors.Join(from.Start(), to.Start()); err != nil {
		return err
	}
	return errors.Join(to.Wait(), from.Wait())
}

func say(format string, args ...any) { fmt.Printf("\n$ "+format+"\n", args...) }

// shellWords shows arguments as they would be typed.
func shellWords(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		if out[i] = a; strings.ContainsAny(a, " \t'\"") {
			out[i] = fmt.Sprintf("%q", a)
		}
	}
	return strings.Join(out, " ")
}
