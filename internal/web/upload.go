package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"

	"photos/internal/blob"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/session"
	"photos/internal/text"
)

// uploadResult is what became of one photo of a form.
type uploadResult struct {
	Name    string
	Outcome photo.Outcome
	ID      photo.ID
	Problem string // why it failed
}

// Limits of a form with photos. What became of each photo is kept until the form ends.
const (
	maxFormPhotos = 10_000
	maxShownName  = 100 // characters of a file name on the page of results
)

// upload takes the photos of a form, one after the other, with the description that came
// before them.
func (p *Pages) upload(w http.ResponseWriter, r *http.Request, by session.Session) error {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return &photo.Error{Kind: photo.KindUsage, Msg: "this form has no photos", Err: err}
	}
	body := httpkit.NewBody(w, r, p.stall)
	defer body.Release()
	results, err := p.receive(r, multipart.NewReader(body, params["boundary"]), by.Caller)
	if err != nil {
		return err
	}
	return p.showResults(w, r, by, results)
}

// receive stores the photos of a form. A photo that fails does not stop the others, unless
// its failure concerns all.
func (p *Pages) receive(r *http.Request, form *multipart.Reader, by service.Caller) ([]uploadResult, error) {
	var results []uploadResult
	description := ""
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return results, nil
		}
		if err != nil {
			return nil, cutOff(err)
		}
		switch name := part.FileName(); {
		case part.FormName() == "description":
			if description, err = readDescription(r, part); err != nil {
				return nil, err
			}
		case part.FormName() == "photos" && name != "" && len(results) == maxFormPhotos:
			return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("a form may have %d photos, and the first ones were added", maxFormPhotos)}
		case part.FormName() == "photos" && name != "":
			result, err := p.store(r, formPart{part}, service.Meta{Name: name, Description: description, DescriptionSource: photo.FromWeb}, by)
			if err != nil {
				return nil, err
			}
			results = append(results, result)
		}
	}
}

// readDescription reads the description of a form with photos, which comes before them. r.PostForm has it
// then, like what was typed into other forms.
func readDescription(r *http.Request, part io.Reader) (string, error) {
	typed, err := io.ReadAll(io.LimitReader(part, maxForm))
	if err != nil {
		return "", cutOff(err)
	}
	r.PostForm = url.Values{"description": {string(typed)}}
	description := formText(r, "description")
	if len(description) > photo.MaxDescription {
		return "", &photo.Error{
			Kind: photo.KindUsage, Msg: fmt.Sprintf("the description has %d bytes", len(description)),
			Hint: fmt.Sprintf("a description may have %d bytes", photo.MaxDescription),
		}
	}
	return description, nil
}

func cutOff(err error) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: "the upload was cut off", Hint: "send it again", Err: err}
}

// store stores one photo of a form. A form does not say how large its photos are, so the
// bytes go into a file first.
func (p *Pages) store(r *http.Request, part io.Reader, m service.Meta, by service.Caller) (uploadResult, error) {
	result := uploadResult{Name: text.Cut(m.Name, maxShownName)}
	f, size, err := p.spooled(part)
	if err != nil {
		return result, err
	}
	defer func() { _ = f.Close(); _ = os.Remove(f.Name()) }() // where open files can be removed, it is gone already
	at, err := p.service.Uploads.Begin(r.Context(), service.Creation{
		Request: service.Request{
			Caller: by, Size: size,
			Open: func(limit int64) (service.Body, error) { return fileBody{io.LimitReader(f, limit)}, nil },
		},
		Meta: m, Length: size,
	})
	if err != nil {
		if photo.EndsRun(err) || photo.KindOf(err) == photo.KindInternal {
			return result, err
		}
		known, _ := describeFailure(err)
		result.Outcome, result.Problem = photo.OutcomeFailed, known.words()
		return result, nil
	}
	if at.Done == nil {
		return result, &photo.Error{Kind: photo.KindUnavailable, Msg: "the upload was not finished", Hint: "send it again"}
	}
	result.Outcome, result.ID = at.Done.Outcome, at.Done.Photo.ID
	return result, nil
}

// spooled copies the bytes of a photo into a file that nobody else can open.
func (p *Pages) spooled(part io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp(p.spool, "form-*")
	if err != nil {
		return nil, 0, fmt.Errorf("spool a photo: %w", blob.WriteError(err))
	}
	_ = os.Remove(f.Name()) // so that nothing is left if the process is killed; Windows refuses it
	fail := func(err error) (*os.File, int64, error) {
		return nil, 0, errors.Join(err, f.Close())
	}
	size, err := io.Copy(f, io.LimitReader(part, p.service.Uploads.MaxSize()+1))
	if err != nil {
		return fail(fmt.Errorf("spool a photo: %w", blob.WriteError(err)))
	}
	if size > p.service.Uploads.MaxSize() { // read the rest, which belongs to no other photo
		if _, err := io.Copy(io.Discard, part); err != nil {
			return fail(cutOff(err))
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fail(fmt.Errorf("spool a photo: %w", blob.WriteError(err)))
	}
	return f, size, nil
}

// formPart is the bytes of a photo in a form. Its errors are the client's.
type formPart struct{ io.Reader }

// Read implements io.Reader.
func (p formPart) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if err != nil && err != io.EOF { //nolint:errorlint // the one value io.Reader promises
		err = cutOff(err)
	}
	return n, err
}

// fileBody is the bytes of a photo in a file. Nothing has to stop it.
type fileBody struct{ io.Reader }

// Stop implements service.Body.
func (fileBody) Stop() {}

// Close implements io.Closer.
func (fileBody) Close() error { return nil }

// resultsContent is what a page says after an upload that did not go smoothly.
type resultsContent struct{ Failed, Good []uploadResult }

// showResults shows My photos if all went well, and otherwise what became of each photo.
func (p *Pages) showResults(w http.ResponseWriter, r *http.Request, by session.Session, results []uploadResult) error {
	if len(results) == 0 {
		return p.show(w, r, http.StatusBadRequest, "message", view{Title: "No photo was chosen", User: &by, Content: message{
			Text: "Choose one or more photos, and then upload them.", Action: "My photos", Link: "/myphotos",
		}})
	}
	var c resultsContent
	added, existed := 0, 0
	for _, one := range results {
		switch one.Outcome {
		case photo.OutcomeFailed:
			c.Failed = append(c.Failed, one)
			continue
		case photo.OutcomeExists, photo.OutcomeDescribed:
			existed++
		default:
			added++
		}
		c.Good = append(c.Good, one)
	}
	if len(c.Failed) > 0 {
		return p.show(w, r, http.StatusUnprocessableEntity, "results", view{Title: "Some photos were not added", User: &by, Content: c})
	}
	query := url.Values{didUpload: {fmt.Sprint(added)}, didExist: {fmt.Sprint(existed)}}
	http.Redirect(w, r, p.root+"/myphotos?"+query.Encode(), http.StatusSeeOther)
	return nil
}
