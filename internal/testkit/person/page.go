package person

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// maxPage bounds a page that is read, in bytes.
const maxPage = 1 << 20

// seen is a page as a person sees it.
type seen struct {
	address *url.URL
	status  int
	root    *html.Node
	text    string // what can be read on it, in one line
}

func read(resp *http.Response) (*seen, error) {
	root, err := html.Parse(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", plain(resp.Request.URL), err)
	}
	return &seen{address: resp.Request.URL, status: resp.StatusCode, root: root, text: textOf(root)}, nil
}

// form is a form and its fields.
type form struct {
	action string
	fields []field
}

type field struct{ name, value, autocomplete string }

func (f *form) has(autocomplete string) bool {
	return slices.ContainsFunc(f.fields, func(x field) bool { return x.autocomplete == autocomplete })
}

func (f *form) asksPassword() bool { return f.has("current-password") || f.has("new-password") }

// form is the page's form that asks for an account; nil: it has none.
func (s *seen) form() *form {
	for n := range s.root.Descendants() {
		if n.Data != "form" || !strings.EqualFold(attr(n, "method"), "post") {
			continue
		}
		f := &form{action: s.resolve(attr(n, "action"))}
		for input := range n.Descendants() {
			if input.Data == "input" {
				f.fields = append(f.fields, field{attr(input, "name"), attr(input, "value"), attr(input, "autocomplete")})
			}
		}
		if f.asksPassword() || f.has("username") {
			return f
		}
	}
	return nil
}

// link is the address of the first link whose text begins with the given words; "": there is none.
func (s *seen) link(words string) string {
	for n := range s.root.Descendants() {
		if n.Data == "a" && strings.HasPrefix(strings.ToLower(textOf(n)), words) {
			return s.resolve(attr(n, "href"))
		}
	}
	return ""
}

// alert is what the page complains about.
func (s *seen) alert() string {
	var all []string
	for n := range s.root.Descendants() {
		if attr(n, "role") == "alert" {
			all = append(all, textOf(n))
		}
	}
	return strings.Join(all, " ")
}

func (s *seen) resolve(ref string) string {
	u, err := s.address.Parse(ref)
	if err != nil {
		return ""
	}
	return u.String()
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// textOf is the text below a node that a browser shows, spaces collapsed.
func textOf(n *html.Node) string {
	var words []string
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && (n.Data == "head" || n.Data == "style" || n.Data == "script") {
			return
		}
		if n.Type == html.TextNode {
			words = append(words, strings.Fields(n.Data)...)
		}
		for child := range n.ChildNodes() {
			walk(child)
		}
	}
	walk(n)
	return strings.Join(words, " ")
}
