package auth

import (
	"context"
	_ "embed"
	"errors"
	"html"
	"net/http"
	"strings"

	"photos/internal/httpkit"
	"photos/internal/text"
)

//go:embed page.html
var pageHTML string

// page is what the browser shows at the end: the truth, in one sentence.
type page struct {
	Good  bool
	Title string
	Text  string
}

func signedInPage(account Account, server string) page {
	return page{Good: true, Title: "Signed in", Text: "You are signed in to " + server + " as " + account.Label() + ". You can close this page and go back to the terminal."}
}

func failedPage(err error) page {
	if errors.Is(err, context.Canceled) {
		err = errors.New("the sign-in was stopped in the terminal")
	}
	return page{Title: "Not signed in", Text: text.Cut(err.Error(), 300) + ". The terminal says more."}
}

func complaintPage(r reply) page {
	return page{Title: "Not signed in yet", Text: "The sign-in page reported: " + r.told() + ". The terminal is still waiting."}
}

func strayPage() page {
	return page{Title: "Nothing to see here", Text: "This address waits for the end of a sign-in that was begun in a terminal. What came is not part of it."}
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

// html fills page.html in. A template engine would do so too, but a program with one keeps
// every method of every type it links, and starts noticeably later for one page a login.
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

// write sends the page with nothing allowed but its own style. The address bar holds a
// spent code, so the page tells it to nobody and is kept nowhere.
func (p page) write(w http.ResponseWriter, status int) {
	w.Header().Set("Connection", "close")
	// The program may end right after: the page has a length, so what is flushed is the whole answer.
	httpkit.Page{HTML: p.html()}.Write(w, status)
	_ = http.NewResponseController(w).Flush()
}
