package s3server

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	signedDate = "X-Amz-Date" // the time of a request
	signedForm = "20060102T150405Z"
)

// Ahead returns a handler that passes requests on to the server and whose clock is ahead of this
// machine's. It signs each request again, because the time is part of the signature.
func (s *Server) Ahead(by time.Duration) (http.Handler, error) {
	to, err := url.Parse(s.URL)
	if err != nil {
		return nil, err
	}
	client, err := s.HTTPClient()
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{
		Transport: client.GetTransport(),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			at, err := time.Parse(signedForm, r.In.Header.Get(signedDate))
			if err != nil {
				return // the server refuses it
			}
			credentials, _ := Credentials().Retrieve(r.In.Context())
			for _, name := range []string{"Authorization", signedDate, "X-Forwarded-For"} {
				r.Out.Header.Del(name)
			}
			r.Out.Host = to.Host
			_ = v4.NewSigner().SignHTTP(r.In.Context(), credentials, r.Out, r.In.Header.Get("X-Amz-Content-Sha256"), "s3", Region, at.Add(-by)) // the server refuses what is not signed
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
			return nil
		},
	}, nil
}
