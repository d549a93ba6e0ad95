package client_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
)

// bearer is a transport that adds an access token. The one of the command line is in internal/auth:
// it refreshes the token and adds it to requests of one origin only.
type bearer string

func (token bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(token))
	return http.DefaultTransport.RoundTrip(r)
}

// List asks for further pages while the caller goes on, and yields an error as the last pair.
func ExampleClient_List() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.RequestURI())
		name, next := "beach.jpg", "page-2"
		if r.URL.Query().Has("cursor") {
			name, next = "dune.jpg", ""
		}
		id := photo.ID(sha256.Sum256([]byte(name)))
		fmt.Fprintf(w, `{"photos":[{"id":%q,"name":%q,"bytes":5}],"next":%q}`, id, name, next)
	}))
	defer service.Close()

	c, err := client.New(client.Options{Server: service.URL, Transport: bearer("an access token")})
	if err != nil {
		fmt.Println(err)
		return
	}
	for p, err := range c.List(context.Background(), photo.Filter{Search: "sea"}, 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.Name, p.Size)
	}
	// Output:
	// GET /v1/photos?limit=1000&search=sea
	// beach.jpg 5
	// GET /v1/photos?cursor=page-2&limit=1000&search=sea
	// dune.jpg 5
}

// A photo of up to photo.MaxWhole bytes travels in one request.
func ExampleClient_Upload() {
	const picture = "the bytes of beach.jpg"
	id := photo.ID(sha256.Sum256([]byte(picture)))
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.Path, r.ContentLength, "bytes of", r.Header.Get(api.HeaderUploadLength))
		h := w.Header()
		h.Set(api.HeaderTusResumable, r.Header.Get(api.HeaderTusResumable))
		h.Set("Location", api.PathUploads+"/one")
		h.Set(api.HeaderUploadOffset, r.Header.Get(api.HeaderUploadLength))
		h.Set(api.HeaderID, id.String())
		h.Set(api.HeaderOutcome, string(photo.OutcomeUploaded))
		w.WriteHeader(http.StatusCreated)
	}))
	defer service.Close()

	c, err := client.New(client.Options{Server: service.URL, Transport: bearer("an access token")})
	if err != nil {
		fmt.Println(err)
		return
	}
	done, err := c.Upload(context.Background(), client.Upload{
		Meta: api.UploadMetadata{Filename: "beach.jpg", ID: id, Description: "Sunset"},
		Body: strings.NewReader(picture), Size: int64(len(picture)),
	})
	fmt.Println(done.Outcome, done.ID == id, err)
	// Output:
	// POST /v1/uploads 22 bytes of 22
	// uploaded true <nil>
}
