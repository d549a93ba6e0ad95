package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/store/sqldb"
)

// What a user with a large library asks while another one lists photos.
const (
	searchLibrary = 40_000
	searchers     = 24
	searchWords   = 32
	searchFor     = 20 * time.Second
)

// searches is how long another user's list takes while one user searches without end.
func (b *bench) searches(ctx context.Context) error {
	dir, err := b.folder()
	if err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(dir, "photos.db"))
	if err != nil {
		return err
	}
	url, stop, err := serveUsers(ctx, db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	took, err := b.listsDuringSearches(ctx, db, url)
	if err := errors.Join(err, stop(), db.Close()); err != nil {
		return err
	}
	slices.Sort(took)
	fmt.Printf("%-28s median %s   p99 %s   most %s   of %d lists\n", fmt.Sprintf("list during %d searches", searchers),
		took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond), len(took))
	return nil
}

// serveUsers serves db; a token is a user's name.
func serveUsers(ctx context.Context, db *sqldb.DB) (url string, stop func() error, err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv, err := discardServer(l, db, func(_ context.Context, token string) (service.Identity, error) {
		return service.Identity{Pool: "bench", Subject: token, Expires: time.Now().Add(time.Hour)}, nil
	})
	if err != nil {
		return "", nil, err
	}
	web := &http.Server{Handler: srv, ReadHeaderTimeout: time.Minute}
	go web.Serve(l)
	return "http://" + l.Addr().String(), web.Close, nil
}

// listsDuringSearches returns how long each list of bob took while ada searched.
func (b *bench) listsDuringSearches(ctx context.Context, db *sqldb.DB, url string) ([]time.Duration, error) {
	var words []string
	for i := range searchWords {
		words = append(words, fmt.Sprintf("word%02d", i))
	}
	if err := fill(ctx, db, "ada", int(searchLibrary*b.scale), strings.Join(words, " ")); err != nil {
		return nil, err
	}
	if err := fill(ctx, db, "bob", 100, ""); err != nil {
		return nil, err
	}
	until, cancel := context.WithTimeout(ctx, searchFor)
	defer cancel()
	search := url + api.PathPhotos + "?search=" + strings.Join(append(words[1:], "absent"), "+")
	var searching sync.WaitGroup
	for range searchers {
		searching.Go(func() {
			for until.Err() == nil {
				if _, err := asUser(until, http.DefaultClient, "ada", search); err != nil {
					return
				}
				select { // as often as Retry-After allows
				case <-time.After(time.Second):
				case <-until.Done():
				}
			}
		})
	}
	var took []time.Duration
	var err error
	for until.Err() == nil && err == nil {
		began := time.Now()
		var status int
		if status, err = asUser(ctx, http.DefaultClient, "bob", url+api.PathPhotos); err == nil && status != http.StatusOK {
			err = fmt.Errorf("a list ended with status %d", status)
		}
		took = append(took, time.Since(began))
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	searching.Wait()
	return took, err
}

// fill gives an owner n photos with one description.
func fill(ctx context.Context, db *sqldb.DB, subject string, n int, description string) error {
	owner, err := db.Owner(ctx, "bench", subject)
	if err != nil {
		return err
	}
	const workers = 200
	errs := make([]error, workers)
	var adding sync.WaitGroup
	for w := range workers {
		adding.Go(func() {
			for i := w; i < n && errs[w] == nil; i += workers {
				p := photo.Photo{ID: sha256.Sum256(fmt.Append(nil, subject, i)), Name: fmt.Sprintf("IMG_%05d.jpg", i), Size: 1, MediaType: "image/jpeg"}
				if description != "" {
					p.Description, p.DescriptionSource = description, photo.FromFlag
				}
				_, errs[w] = db.Add(ctx, owner, p, fmt.Sprint(subject, i))
			}
		})
	}
	adding.Wait()
	return errors.Join(errs...)
}

func asUser(ctx context.Context, web *http.Client, user, url string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+user)
	res, err := web.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
