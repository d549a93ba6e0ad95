package userpool

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"strings"
	"time"

	"github.com/google/uuid"
)

// mailTimeout is for the whole exchange with the mail server, because a user waits for it.
const mailTimeout = 15 * time.Second

// letter is a mail.
type letter struct {
	to, subject string
	lines       []string
}

// letter returns the mail with a link. The text has nothing that the new user typed, because the address may belong to
// somebody else.
func (l link) letter(address string) letter {
	if l.purpose == toReset {
		return letter{to: l.email, subject: "Choose a new password", lines: []string{
			"Somebody wants to choose a new password for the photos account with this", "email address. If it was you, do it here:",
			"", address,
			"", "The link works for an hour. If it was not you, do nothing.", "",
		}}
	}
	return letter{to: l.email, subject: "Confirm your email address", lines: []string{
		"Somebody signed up for photos with this email address. If it was you,", "confirm it here, with the password you chose:",
		"", address,
		"", "The link works for a day. If it was not you, do nothing.", "",
	}}
}

func (p *Pool) send(ctx context.Context, mail letter) error {
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	client, err := dialSMTP(ctx, p.conf.SMTP)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Mail(p.conf.SMTPFrom); err != nil {
		return err
	}
	if err := client.Rcpt(mail.to); err != nil {
		return err
	}
	body, err := client.Data()
	if err != nil {
		return err
	}
	text := []string{
		"From: " + p.conf.SMTPFrom, "To: " + mail.to, "Subject: " + mail.subject,
		"Date: " + p.now().Format(time.RFC1123Z), "Message-ID: <" + uuid.NewString() + "@photos.invalid>",
		"MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii", "Auto-Submitted: auto-generated",
		"",
	}
	if _, err := fmt.Fprint(body, strings.Join(append(text, mail.lines...), "\r\n")); err != nil {
		return err
	}
	if err := body.Close(); err != nil {
		return err
	}
	return client.Quit()
}

// dialSMTP connects to the mail server, encrypted if the server offers it. The deadline of ctx is for all that follows.
func dialSMTP(ctx context.Context, address string) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		err = conn.SetDeadline(deadline)
	}
	client, dialErr := smtp.NewClient(conn, host)
	if err := errors.Join(err, dialErr); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if offered, _ := client.Extension("STARTTLS"); offered {
		if err := client.StartTLS(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}); err != nil {
			return nil, errors.Join(err, client.Close())
		}
	}
	return client, nil
}
