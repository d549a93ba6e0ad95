package userpool_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"photos/internal/userpool"
)

// mailServer receives mails (RFC 5321) and passes them on. It refuses recipients that begin with "refused".
func mailServer(t *testing.T) (address string, mails <-chan string) {
	t.Helper()
	return slowMailServer(t, 0)
}

// slowMailServer is a mailServer that waits before its greeting.
func slowMailServer(t *testing.T, delay time.Duration) (address string, mails <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	received := make(chan string, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				time.Sleep(delay)
				converse(conn, received)
			}()
		}
	}()
	return listener.Addr().String(), received
}

func converse(conn net.Conn, received chan<- string) {
	defer conn.Close()
	reply := func(text string) { fmt.Fprintf(conn, "%s\r\n", text) }
	lines := bufio.NewScanner(conn)
	reply("220 test")
	var envelope, text string
	for data := false; lines.Scan(); {
		line := lines.Text()
		verb, _, _ := strings.Cut(line, " ")
		switch {
		case data && line == ".":
			data = false
			received <- envelope + text
			reply("250 taken")
		case data:
			text += line + "\n"
		case verb == "DATA":
			data = true
			reply("354 go on")
		case verb == "QUIT":
			reply("221 bye")
			return
		case strings.Contains(line, "<refused"):
			reply("550 no such mailbox")
		default:
			if verb == "MAIL" || verb == "RCPT" {
				envelope += line + "\n"
			}
			reply("250 fine")
		}
	}
}

func TestConfirmationByMail(t *testing.T) {
	t.Parallel()
	address, mails := mailServer(t)
	r := start(t, func(c *userpool.Config) { c.SMTP, c.SMTPFrom = address, "photos@example.org" })
	page := r.signUp(t, grace)
	if page.status != http.StatusOK || !strings.Contains(page.body, "We sent a link") || strings.Contains(page.body, "confirmUser") || r.talk.String() != "" {
		t.Fatalf("status %d, the terminal says %q\n%s", page.status, r.talk, page.body)
	}
	mail := <-mails
	for _, want := range []string{"MAIL FROM:<photos@example.org>", "RCPT TO:<grace@example.org>", "To: grace@example.org\n", "From: photos@example.org\n", "Subject: Confirm your email address\n"} {
		if !strings.Contains(mail, want) {
			t.Errorf("%q is not in\n%s", want, mail)
		}
	}
	if strings.Contains(mail, grace.Nickname) {
		t.Error("what somebody typed is mailed to an address that may be somebody else's")
	}
	link := mustParse(t, linkPattern.FindString(mail))
	if got := r.confirm(t, link, grace.Password); got.status != http.StatusFound {
		t.Errorf("confirming: status %d", got.status)
	}
}

func TestAMailThatCannotBeSent(t *testing.T) {
	t.Parallel()
	address, mails := mailServer(t)
	r := start(t, func(c *userpool.Config) { c.SMTP, c.SMTPFrom = address, "photos@example.org" })
	refused := userpool.NewUser{Email: "refused@example.org", Nickname: "R", Password: "a long password"}
	page := r.signUp(t, refused)
	if page.status != http.StatusBadGateway || !strings.Contains(page.body, "could not be sent") || !strings.Contains(r.talk.String(), "no such mailbox") {
		t.Errorf("status %d, the terminal says %q\n%s", page.status, r.talk, page.body)
	}
	if strings.Contains(r.talk.String(), "confirmUser") {
		t.Error("the link is on the terminal although mail is configured")
	}
	if len(mails) != 0 {
		t.Errorf("mail: %s", <-mails)
	}
}
