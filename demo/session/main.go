// Command session draws a picture of a terminal in which the real programs run, for README.md:
//
//	session docs/pictures/session.svg
//
// It builds the programs, starts photosd with throw-away data, signs an account in while a small program plays the user in
// the browser, types the commands below into a terminal of tmux, and draws what the terminal then shows.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"photos/internal/testkit/sample"
)

// commands are typed into the terminal.
func commands() []string {
	return []string{
		`photos upload --desc "Sunset over the bay" beach.jpg`,
		`photos upload Pictures`,
		`photos list --search 'taken:2024-07..2024-08'`,
		`photos tag --search folder:Iceland --add iceland --quiet`,
		`photos view beach.jpg --rows 13`,
		`photos list --json --search tag:iceland | jq -r .name`,
	}
}

const columns, rows = 84, 44

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "session:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) != 1 {
		return errors.New("usage: session FILE.svg")
	}
	dir, err := os.MkdirTemp("", "photos-session-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &stage{dir: dir, bin: filepath.Join(dir, "bin"), socket: "photos-session-" + strconv.Itoa(os.Getpid())}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	defer s.stop()
	screen, err := s.record(ctx)
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], []byte(draw(screen, columns)), 0o644)
}

// stage is where the commands run: a folder with programs and pictures, and a service.
type stage struct {
	dir, bin string
	socket   string // of tmux
	service  *exec.Cmd
}

// prepare builds the programs, makes the pictures, starts the service and signs in.
func (s *stage) prepare(ctx context.Context) error {
	if err := command(ctx, "", "go", "build", "-o", s.bin+string(filepath.Separator), "./cmd/photos", "./cmd/photosd", "./internal/testkit/person/xdg-open").Run(); err != nil {
		return fmt.Errorf("build the programs: %w", err)
	}
	home := filepath.Join(s.dir, "home")
	for i, name := range []string{"beach.jpg", "Pictures/Iceland/waterfall.jpg", "Pictures/Iceland/horses.jpg", "Pictures/Iceland/glacier.jpg", "Pictures/garden.jpg"} {
		data, err := sample.Scene(i)
		if err != nil {
			return err
		}
		path := filepath.Join(home, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			return err
		}
	}
	s.service = command(ctx, "", filepath.Join(s.bin, "photosd"), "--listen", "127.0.0.1:0", "--data", filepath.Join(s.dir, "data"))
	s.service.Stderr = nil // the links of the local accounts
	out, err := s.service.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.service.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("photosd did not start: %w", err)
	}
	login := command(ctx, home, filepath.Join(s.bin, "photos"), "login", strings.TrimSpace(strings.TrimPrefix(line, "photosd listening on ")), "--insecure-storage")
	login.Env = append(s.environment(), "PHOTOS_BROWSER="+filepath.Join(s.bin, "xdg-open"),
		"PERSON_EMAIL=ada@example.org", "PERSON_NICKNAME=ada", "PERSON_PASSWORD=a long demo password", "PERSON_SIGNUP=1")
	login.Stderr = nil
	return login.Run()
}

// environment returns the variables of the programs and of the shell.
func (s *stage) environment() []string {
	return []string{
		"HOME=" + filepath.Join(s.dir, "home"), "PATH=" + s.bin + ":/usr/local/bin:/usr/bin:/bin", "PHOTOS_CONFIG_DIR=" + filepath.Join(s.dir, "config"),
		"LANG=C.UTF-8", "TZ=UTC", "COLORTERM=truecolor", "PS1=" + prompt,
	}
}

// record types the commands into a terminal and returns what it shows, with its escape sequences.
func (s *stage) record(ctx context.Context) (string, error) {
	args := []string{"-f", "/dev/null", "-u", "new-session", "-d", "-c", filepath.Join(s.dir, "home"), "-x", strconv.Itoa(columns), "-y", strconv.Itoa(rows), "env", "-i", "TERM=tmux-256color"}
	if _, err := s.tmux(ctx, append(append(args, s.environment()...), "bash", "--norc", "--noprofile")...); err != nil {
		return "", err
	}
	for i, line := range append(commands(), "") {
		if err := s.waitForPrompt(ctx, i+1); err != nil {
			return "", fmt.Errorf("before %q: %w", line, err)
		}
		if line == "" {
			break
		}
		if _, err := s.tmux(ctx, "send-keys", "-l", line); err != nil {
			return "", err
		}
		if _, err := s.tmux(ctx, "send-keys", "Enter"); err != nil {
			return "", err
		}
	}
	screen, err := s.tmux(ctx, "capture-pane", "-p", "-e")
	return strings.TrimRight(screen, "\n $"), err
}

const prompt = "$ "

// waitForPrompt waits until the screen has n prompts, and the last one is for the next command.
func (s *stage) waitForPrompt(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		screen, err := s.tmux(ctx, "capture-pane", "-p")
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
		prompts := 0
		for _, line := range lines {
			if strings.HasPrefix(line+" ", prompt) {
				prompts++
			}
		}
		if prompts == n && lines[len(lines)-1]+" " == prompt {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the terminal shows\n%s: %w", screen, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *stage) tmux(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "tmux", append([]string{"-L", s.socket}, args...)...)
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tmux %s: %w: %s", strings.Join(args[:min(len(args), 3)], " "), err, out)
	}
	return string(out), nil
}

func (s *stage) stop() {
	_, _ = s.tmux(context.Background(), "kill-server") // it may have ended already
	if s.service != nil && s.service.Process != nil {
		_ = s.service.Process.Signal(syscall.SIGTERM)
		_ = s.service.Wait() // told to end a moment ago: its exit code says nothing new
	}
}

func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	return cmd
}
