package signin

import (
	"context"
	_ "embed"
	"errors"
	"html"
	"net/http"
	"strings"

	"photos/internal/auth/oidc"
	"photos/internal/httpkit"
	"photos/internal/text"
)

//go:embed page.html
var pageHTML string

// page is what the browser shows.
type page struct {
	Good  bool
	Title string
	Text  string
}

func signedInPage(account oidc.Account, server string) page {
	return page{Good: true, Title: "Signed in", Text: "You are signed in to " + server + " as " + account.Label() + ". You can close this page and go back to the terminal."}
}

func failedPage(err error) page {
	if errors.Is(err, context.Canceled) {
		err = errors.New("the sign-in was stopped in the terminal")
	}
	return page{Title: "Not signed in", Text: text.Cut(err.Error(), 300) + ". See the terminal for details."}
}

func unverifiedPage(r reply) page {
	return page{Title: "Not signed in yet", Text: "The sign-in page reported: " + r.message() + ". The terminal is still waiting."}
}

func unrelatedPage() page {
	return page{Title: "Not part of a sign-in", Text: "This page belongs to a sign-in that was started in a terminal. The request that opened it does not."}
}

func openedTwicePage() page {
	return page{Title: "Not signed in", Text: "This address was opened before, by another browser. If that was not you, another user of this machine may have done it. The sign-in has ended; start it again in the terminal."}
}

func (p page) status() int {
	if p.Good {
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// html fills in page.html. It does not use html/template: with it, the linker keeps every
// method of every type, and the program starts noticeably later.
func (p page) html() []byte {
	tone := "bad"
	if p.Good {
		tone = "good"
	}
	return []byte(strings.NewReplacer(
		"{tone}", tone,
		"{title}", html.EscapeString(p.Title),
		"{text}", html.EscapeString(p.Text),
	).Replace(pageHTML))
}

// write sends the page. Its policy allows nothing but its own style. The address has a
// used code, so the page is not cached and sends no referrer.
func (p page) write(w http.ResponseWriter, status int) {
	w.Header().Set("Connection", "close")
	// The program may end soon: the page has a length, so this flushes the whole answer.
	httpkit.Page{HTML: p.html()}.Write(w, status)
	_ = http.NewResponseController(w).Flush()
}
