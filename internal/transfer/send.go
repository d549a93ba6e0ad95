package transfer

import (
	"os"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
)

// sendAll sends what comes down queue.
func (r *run) sendAll(queue <-chan *job) {
	for j := range queue {
		if r.ctx.Err() != nil {
			r.finish(j, photo.OutcomePending, nil)
			continue
		}
		r.deliver(j)
	}
}

// deliver brings a photo that is not stored to the service.
func (r *run) deliver(j *job) {
	switch j.status.State {
	case photo.Trashed:
		r.restore(j)
		return
	case photo.Stored:
		r.settle(j)
		return
	}
	up, err := r.send(j)
	j.rec.DescriptionKept = up.DescriptionKept
	r.finish(j, up.Outcome, err)
}

// send uploads one file. When the service received other bytes than were
// digested, the file is read and sent once more.
func (r *run) send(j *job) (client.Uploaded, error) {
	up, err := r.sendOnce(j)
	j.rec.Attempts = up.Attempts
	if kind := photo.KindOf(err); kind != photo.KindDigestMismatch && kind != photo.KindChanged {
		return failedUnless(up, err)
	}
	fresh, err := readFile(r.ctx, j.item.file())
	if err != nil {
		return client.Uploaded{Outcome: photo.OutcomeFailed}, err
	}
	j.file, j.rec.ID, j.rec.Bytes = fresh, fresh.id, fresh.size
	j.item.Facts.Modified = fresh.modified
	j.status = photo.Status{ID: fresh.id}
	up, err = r.sendOnce(j)
	j.rec.Attempts += up.Attempts
	if photo.KindOf(err) == photo.KindDigestMismatch {
		err = changed()
	}
	return failedUnless(up, err)
}

func failedUnless(up client.Uploaded, err error) (client.Uploaded, error) {
	if err != nil {
		up.Outcome = photo.OutcomeFailed
	}
	return up, err
}

func (r *run) sendOnce(j *job) (client.Uploaded, error) {
	f, err := os.Open(j.item.file())
	if err != nil {
		return client.Uploaded{}, unreadable(j.item.file(), err)
	}
	defer f.Close()
	r.Progress.Sending(j.item.Path, j.file.size)
	ctx := r.sending
	if j.file.size > photo.MaxWhole {
		ctx = r.ctx // a large file is parked at once: it resumes where it stopped
	}
	return r.svc.Upload(ctx, client.Upload{
		Meta: api.UploadMetadata{
			Filename: j.item.name(), ID: j.file.id,
			Description: j.item.Description, DescriptionSource: j.item.Source, Caption: j.item.Caption, Facts: j.item.Facts,
		},
		Body: steady{f, j.file.size}, Size: j.file.size,
		ID: j.status.Upload, Offset: j.status.Offset,
		Sent: func(n int64) { r.Progress.Moved(j.item.Path, n) },
	})
}

// restore takes the photo out of the trash; no bytes are sent.
func (r *run) restore(j *job) {
	p, err := r.svc.Restore(r.sending, j.file.id)
	if err != nil {
		r.finish(j, photo.OutcomeFailed, err)
		return
	}
	j.back = true
	j.status = photo.Status{
		ID: j.file.id, State: photo.Stored, Description: p.Description,
		TakenSource: p.TakenSource, PositionSource: p.PositionSource,
	}
	r.settle(j)
}

// knowsBetter reports whether a photo that is stored is to get a better date or
// position.
func (r *run) knowsBetter(j *job) bool {
	return !r.DryRun && (r.IfExists == Fill || r.IfExists == Replace) &&
		j.item.Facts.Improve(j.status.TakenSource, j.status.PositionSource)
}

// settle finishes a photo that is stored. When the files here know its date or
// position better, the upload is created again, which needs no bytes.
func (r *run) settle(j *job) {
	if r.knowsBetter(j) {
		up, err := r.create(j)
		if j.rec.Attempts = up.Attempts; err != nil || up.Outcome != photo.OutcomeExists {
			r.finish(j, up.Outcome, err)
			return
		}
	}
	r.present([]*job{j})
}

// create announces a photo that is stored with what is known about it, except for its
// description. Should the service have lost the bytes meanwhile, they are sent.
func (r *run) create(j *job) (client.Uploaded, error) {
	f, err := os.Open(j.item.file())
	if err != nil {
		return client.Uploaded{Outcome: photo.OutcomeFailed}, unreadable(j.item.file(), err)
	}
	defer f.Close()
	return failedUnless(r.svc.Upload(r.sending, client.Upload{
		Meta: api.UploadMetadata{Filename: j.item.name(), ID: j.file.id, Caption: photo.CaptionNever, Facts: j.item.Facts},
		Body: steady{f, j.file.size}, Size: j.file.size, Stored: true,
	}))
}
