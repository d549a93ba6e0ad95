package transfer

import (
	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
)

// sendAll handles the tasks of a queue until it is closed.
func (u *uploader) sendAll(queue <-chan *task) {
	for t := range queue {
		switch {
		case u.ctx.Err() != nil:
			u.finish(t, photo.OutcomePending, nil)
		case t.status.State == photo.Trashed:
			u.restore(t)
		case t.status.State == photo.Stored:
			u.improveStored(t)
		default:
			up, err := u.send(t)
			t.rec.DescriptionKept = up.DescriptionKept
			u.finish(t, up.Outcome, err)
		}
	}
}

// send uploads one file. If the service received other bytes than were digested, it reads
// and sends the file once more.
func (u *uploader) send(t *task) (client.Uploaded, error) {
	up, err := u.sendOnce(t)
	t.rec.Attempts = up.Attempts
	if kind := photo.KindOf(err); kind != photo.KindDigestMismatch && kind != photo.KindChanged {
		return failedUnless(up, err)
	}
	fresh, err := t.item.read(u.ctx)
	if err != nil {
		return client.Uploaded{Outcome: photo.OutcomeFailed}, err
	}
	t.file, t.rec.ID, t.rec.Bytes = fresh, fresh.id, fresh.size
	t.item.Facts.Modified = fresh.modified
	t.status = photo.Status{ID: fresh.id}
	up, err = u.sendOnce(t)
	t.rec.Attempts += up.Attempts
	if photo.KindOf(err) == photo.KindDigestMismatch {
		err = changed()
	}
	return failedUnless(up, err)
}

// failedUnless sets the outcome to failed if there is an error.
func failedUnless(up client.Uploaded, err error) (client.Uploaded, error) {
	if err != nil {
		up.Outcome = photo.OutcomeFailed
	}
	return up, err
}

func (u *uploader) sendOnce(t *task) (client.Uploaded, error) {
	body, end, err := t.item.body(t.file.size)
	if err != nil {
		return client.Uploaded{}, err
	}
	defer end.Close()
	u.Progress.Sending(t.item.Path, t.file.size)
	ctx := u.sending
	if t.file.size > photo.MaxWhole {
		ctx = u.ctx // a large file stops at once, since it can resume there
	}
	return u.svc.Upload(ctx, client.Upload{
		Meta: api.UploadMetadata{
			Filename: t.item.name(), ID: t.file.id,
			Description: t.item.Description, DescriptionSource: t.item.Source, Caption: t.item.Caption, Facts: t.item.Facts,
		},
		Body: body, Size: t.file.size,
		ID: t.status.Upload, Offset: t.status.Offset,
		Sent: func(n int64) { u.Progress.Moved(t.item.Path, n) },
	})
}

// restore takes the photo out of the trash, which sends no bytes.
func (u *uploader) restore(t *task) {
	p, err := u.svc.Restore(u.sending, t.file.id)
	if err != nil {
		u.finish(t, photo.OutcomeFailed, err)
		return
	}
	t.restored = true
	t.status = photo.Status{
		ID: t.file.id, State: photo.Stored, Description: p.Description,
		TakenSource: p.TakenSource, PositionSource: p.PositionSource, Folder: p.Folder, Tags: p.Tags,
	}
	u.improveStored(t)
}

// hasBetterFacts reports whether the files here know the date or the position of a stored
// photo better than the service.
func (u *uploader) hasBetterFacts(t *task) bool {
	return !u.DryRun && (u.IfExists == Fill || u.IfExists == Replace) &&
		t.item.Facts.Improve(t.status)
}

// improveStored finishes a stored photo. If its date or position is known better here, it
// creates the upload again, which sends no bytes.
func (u *uploader) improveStored(t *task) {
	if u.hasBetterFacts(t) {
		up, err := u.announce(t)
		if t.rec.Attempts = up.Attempts; err != nil || up.Outcome != photo.OutcomeExists {
			u.finish(t, up.Outcome, err)
			return
		}
	}
	u.finishStored([]*task{t})
}

// announce creates an upload of a stored photo with the facts that are known about it, but
// without its description. If the service has lost the bytes since, they are sent.
func (u *uploader) announce(t *task) (client.Uploaded, error) {
	body, end, err := t.item.body(t.file.size)
	if err != nil {
		return client.Uploaded{Outcome: photo.OutcomeFailed}, err
	}
	defer end.Close()
	return failedUnless(u.svc.Upload(u.sending, client.Upload{
		Meta: api.UploadMetadata{Filename: t.item.name(), ID: t.file.id, Caption: photo.CaptionNever, Facts: t.item.Facts},
		Body: body, Size: t.file.size, Stored: true,
	}))
}
