package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"photos/internal/api"
	"photos/internal/auth"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/session"
	"photos/internal/text"
)

//go:embed templates
var templateFiles embed.FS

// view is what a template gets.
type view struct {
	Title   string
	User    *session.Session // nil: nobody is signed in
	Here    string           // the part of the site that the page belongs to
	Notice  string           // what was done, above the content
	Undo    *undo            // what the notice offers to restore; nil: nothing
	Shared  bool             // the page is for whoever has the address of a share
	Preview *preview         // what other programs show of the page; nil: nothing
	Content any
}

// message is the content of a page that only says something.
type message struct {
	Text   string
	Detail string
	Action string // the text of the link; empty: none
	Link   string
}

// myPhotos is the address to which a page leads when nothing else helps.
const myPhotos = "/myphotos"

// pageMaker fills in templates.
type pageMaker map[string]*template.Template

func newPageMaker(root string, a assets) (pageMaker, error) {
	functions := template.FuncMap{
		"path": func(parts ...any) string { return root + fmt.Sprint(parts...) },
		"asset": func(name string) (string, error) {
			path, err := a.path(name)
			return root + path, err
		},
		"count": count, "day": day, "clock": clock, "bytes": text.Bytes, "iso": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"root": func() string { return root },
	}
	pages, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	m := pageMaker{}
	for _, f := range pages {
		name, isPage := strings.CutSuffix(f.Name(), ".html")
		if !isPage || name == "layout" || name == "parts" {
			continue
		}
		m[name], err = template.New("layout.html").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/"+f.Name())
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
	}
	return m, nil
}

// count returns a number, an int or an int64, with the right form of a word.
func count(number any, one, many string) string {
	n, ok := number.(int64)
	if !ok {
		small, _ := number.(int)
		n = int64(small)
	}
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// thousands returns a number with commas.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func day(t time.Time) string   { return t.Format("2 January 2006") }
func clock(t time.Time) string { return t.Format("2 January 2006, 15:04") }

// show sends a page.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, name string, v view) error {
	var out bytes.Buffer
	if err := p.page[name].ExecuteTemplate(&out, "layout.html", v); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	page := httpkit.Page{HTML: out.Bytes(), Assets: true}
	if !v.Shared { // these pages have forms, and with no-referrer browsers would send Origin: null with them
		page.Media, page.Forms, page.Referrer = p.media, []string{"'self'"}, "same-origin"
	}
	page.WriteCompressed(w, r, status)
	return nil
}

// fail shows what went wrong, and what to do. by is the user, nil if nobody is known to be signed in.
// A form that failed is shown again with what was typed.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, by *session.Session, err error) {
	if httpkit.Abandoned(w, r, err) {
		return
	}
	known, status := describeFailure(err)
	if status >= http.StatusInternalServerError {
		p.log.ErrorContext(r.Context(), "page failed", "request_id", w.Header().Get(api.HeaderRequestID), "method", r.Method, "path", httpkit.LoggedPath(w, r), "err", err)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	name, v := "message", view{Title: known.title, User: by, Content: known.message}
	if kept := p.keep(r, known); len(kept.Typed) > 0 {
		name, v.Content = "keep", kept
	}
	if err := p.show(w, r, status, name, v); err != nil {
		p.log.ErrorContext(r.Context(), "the page of an error failed", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

// failure is an error in words for a page.
type failure struct {
	title string
	message
}

// words returns what went wrong, and what can be done, in one line.
func (f failure) words() string { return strings.TrimSpace(f.Text + " " + f.Detail) }

// describeFailure returns an error in words for a page, and its status.
func describeFailure(err error) (failure, int) {
	if away, ok := errors.AsType[*auth.Error](err); ok { // of the user pool
		if away.Kind == auth.Unavailable {
			return failure{"The sign-in service does not answer", message{
				Text: "Nothing is lost. Try again in a moment.", Action: "Try again", Link: "/",
			}}, http.StatusServiceUnavailable
		}
		return failure{"Signing in is not set up", message{
			Text: "The operator of this service finds the reason in its log.", Action: "Home", Link: "/",
		}}, http.StatusBadGateway
	}
	known := service.UserError(err)
	f := failure{"This did not work", message{Text: sentence(known.Msg), Action: "My photos", Link: myPhotos}}
	switch known.Kind {
	case photo.KindNotFound:
		f.title, f.Text = "There is nothing here", "The photo may be in the trash, or it belongs to another account."
		if errors.Is(err, errTrashed) {
			f = failure{"This photo is in the trash", message{Text: "You can restore it there.", Action: "Trash", Link: "/myphotos/trash"}}
		}
	case photo.KindNotSignedIn:
		f = failure{"You are signed out", message{Text: "Nothing is lost.", Action: "Sign in in another tab", Link: "/login?to=/account"}}
	case photo.KindForbidden:
		f.title, f.Detail = "This is not allowed", sentence(known.Hint)
	case photo.KindUnavailable, photo.KindStorageFull:
		f.title, f.Detail = "This does not work at the moment", sentence(known.Hint)
	case photo.KindInternal:
		f.title, f.Text = "Something went wrong here", "It is not your fault. Try again; the log of the service says more."
	case photo.KindUsage, photo.KindTooLarge, photo.KindQuota:
		f.Detail = sentence(known.Hint)
	}
	return f, api.Status(known.Kind)
}

// sentence returns the message of an error as a sentence.
func sentence(message string) string {
	if message == "" {
		return ""
	}
	return strings.ToUpper(message[:1]) + message[1:] + "."
}

// maxForm is the largest form in bytes, without photos: the IDs of a thousand photos and a
// description.
const maxForm = 256 << 10

// readForm reads a form without photos.
func (p *Pages) readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = timedBody{httpkit.NewBody(w, r, p.stall)}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return &photo.Error{Kind: photo.KindUsage, Msg: "the form is too large or was cut off", Err: err}
	}
	return nil
}

// timedBody is a body that ends when no byte comes for a while.
type timedBody struct{ *httpkit.Body }

// Close implements io.Closer.
func (b timedBody) Close() error {
	b.Release()
	return nil
}

// keptForm is a form that could not be used, with everything that was typed.
type keptForm struct {
	message
	To     string // the address to which the form is sent
	Photos bool   // the form had photos, which are not kept
	Typed  []typedField
	Hidden []field
}

// typedField is a field that the user can change before the form is sent again.
type typedField struct {
	field
	Label string
}

type field struct{ Name, Value string }

// keep returns a form that could not be used, as far as it has been read.
func (p *Pages) keep(r *http.Request, why failure) keptForm {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	kept := keptForm{message: why.message, To: p.root + r.URL.RequestURI(), Photos: mediaType == "multipart/form-data"}
	if kept.Link == myPhotos || kept.Link == "/" {
		kept.Action = "" // to send the form again is the better way
	}
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		label := map[string]string{"description": "Description", "tags": "Tags, separated by commas"}[name]
		for _, value := range r.PostForm[name] {
			if label != "" && value != "" {
				kept.Typed = append(kept.Typed, typedField{field{name, value}, label})
			} else {
				kept.Hidden = append(kept.Hidden, field{name, value})
			}
		}
	}
	return kept
}

// keepForm shows a form again that was sent without a session. The user signs in on another
// page and sends it again, so that nothing that was typed is lost.
func (p *Pages) keepForm(w http.ResponseWriter, r *http.Request, cause error) error {
	why, status := describeFailure(cause)
	if photo.KindOf(cause) == photo.KindNotSignedIn {
		status = http.StatusForbidden // 401 would ask the browser for a password
	} else {
		w.Header().Set("Retry-After", "5")
	}
	if _, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); params["boundary"] != "" {
		body := httpkit.NewBody(w, r, p.stall)
		defer body.Release()
		if part, err := multipart.NewReader(body, params["boundary"]).NextPart(); err == nil && part.FormName() == "description" {
			_, _ = readDescription(r, part) // what cannot be read is not kept
		}
	} else if err := p.readForm(w, r); err != nil {
		return err
	}
	return p.show(w, r, status, "keep", view{Title: why.title, Content: p.keep(r, why)})
}
