// Command machine runs a program as on a machine of its own, for tests of what happens
// between two: in a network namespace that has nothing but a loopback interface.
//
//	machine [-door SOCKET] [-ssh LINE -to SOCKET] PROGRAM [ARG...]
//
// -door plays the machine's sshd: who connects to SOCKET and sends an address on a line is
// connected to that address inside. -ssh plays ssh, for a line such as
// "ssh -N -L 8080:localhost:8080 ada@192.0.2.1", where -to is the other machine's door.
// Whatever the program started ends with it.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

type options struct {
	inside        bool
	door, ssh, to string
	program       []string
}

func main() {
	runtime.LockOSThread() // a child that is to die with us dies with the thread that started it
	code, err := run(context.Background(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "machine:", err)
		code = 1
	}
	os.Exit(code)
}

func run(ctx context.Context, args []string) (code int, err error) {
	var o options
	f := flag.NewFlagSet("machine", flag.ContinueOnError)
	f.BoolVar(&o.inside, "inside", false, "the namespace is there already; machine says this to itself")
	f.StringVar(&o.door, "door", "", "unix `socket` by which others get in")
	f.StringVar(&o.ssh, "ssh", "", "forward what this ssh command `line` does")
	f.StringVar(&o.to, "to", "", "door `socket` of the machine it forwards to")
	if err := f.Parse(args); err != nil {
		return 1, err
	}
	if o.program = f.Args(); len(o.program) == 0 {
		return 1, errors.New("no program given")
	}
	if !o.inside {
		return start(isolated(exec.CommandContext(ctx, "/proc/self/exe", append([]string{"-inside"}, args...)...)))
	}
	if err := loopbackUp(); err != nil {
		return 1, err
	}
	if err := o.connect(ctx); err != nil {
		return 1, err
	}
	return start(exec.CommandContext(ctx, o.program[0], o.program[1:]...))
}

// start runs a command with our own streams and returns its exit code.
func start(cmd *exec.Cmd) (code int, err error) {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// connect opens the door and makes the forwards.
func (o options) connect(ctx context.Context) error {
	if o.door != "" {
		if err := serve(ctx, "unix", o.door, letIn); err != nil {
			return err
		}
	}
	forwards, err := parseSSH(o.ssh)
	if err != nil {
		return err
	}
	for port, target := range forwards {
		err := serve(ctx, "tcp", "127.0.0.1:"+port, func(ctx context.Context, c net.Conn) error { return o.forward(ctx, c, target) })
		if err != nil {
			return err
		}
	}
	return nil
}

// parseSSH reads the forwards -L PORT:HOST:HOSTPORT of an ssh command line (ssh(1)): what is
// connected to by port of this machine.
func parseSSH(line string) (map[string]string, error) {
	forwards := map[string]string{}
	words := strings.Fields(line)
	for i, word := range words {
		if word != "-L" {
			continue
		}
		if i+1 == len(words) {
			return nil, errors.New("-L without a forward")
		}
		port, target, ok := strings.Cut(words[i+1], ":")
		if _, _, err := net.SplitHostPort(target); !ok || err != nil {
			return nil, fmt.Errorf("-L %s is not PORT:HOST:HOSTPORT", words[i+1])
		}
		forwards[port] = target
	}
	return forwards, nil
}

// serve hands every connection to an address to handle, until this process ends.
func serve(ctx context.Context, network, address string, handle func(context.Context, net.Conn) error) error {
	l, err := new(net.ListenConfig).Listen(ctx, network, address)
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				fmt.Fprintln(os.Stderr, "machine:", err)
				return
			}
			go func() {
				defer c.Close()
				if err := handle(ctx, c); err != nil {
					fmt.Fprintln(os.Stderr, "machine:", err)
				}
			}()
		}
	}()
	return nil
}

// letIn connects who stands at the door to the address they name.
func letIn(ctx context.Context, c net.Conn) error {
	in := bufio.NewReader(c)
	address, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	there, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimSpace(address))
	if err != nil {
		return err
	}
	return join(c, in, there)
}

// forward connects who came to a forwarded port to its target on the other machine.
func (o options) forward(ctx context.Context, c net.Conn, target string) error {
	there, err := new(net.Dialer).DialContext(ctx, "unix", o.to)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(there, target); err != nil {
		return errors.Join(err, there.Close())
	}
	return join(c, c, there)
}

// join passes on what c sends (by way of from) and what there answers, until both have
// ended. It closes there.
func join(c net.Conn, from io.Reader, there net.Conn) error {
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.Copy(there, from) // an end that breaks off is what connections do
		halfClose(there)
	}()
	_, _ = io.Copy(c, there)
	halfClose(c)
	<-sent
	return there.Close()
}

// halfClose tells the other end that nothing more comes.
func halfClose(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
