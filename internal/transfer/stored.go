package transfer

import (
	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
)

// finishStored finishes photos that the service already has, by the rule of IfExists.
func (u *uploader) finishStored(tasks []*task) {
	var describe []*task
	for _, t := range tasks {
		switch want, has := t.item.Description, t.status.Description; {
		case u.IfExists == Fail && !t.restored:
			u.finish(t, photo.OutcomeFailed, &photo.Error{Kind: photo.KindConflict, Msg: "already on the service", Hint: "--if-exists says what to do with such photos"})
		case want == "" || want == has:
			u.finish(t, photo.OutcomeExists, nil)
		case u.IfExists == Replace, u.IfExists == Fill && has == "":
			describe = append(describe, t)
		default:
			t.rec.DescriptionKept = has != ""
			u.finish(t, photo.OutcomeExists, nil)
		}
	}
	for len(describe) > 0 {
		n := min(len(describe), photo.MaxDescribe)
		u.describe(describe[:n])
		describe = describe[n:]
	}
}

// describe sets the descriptions of photos that exist, with one request.
func (u *uploader) describe(tasks []*task) {
	if u.DryRun {
		for _, t := range tasks {
			u.finish(t, photo.OutcomeDescribed, nil)
		}
		return
	}
	items := make([]api.DescriptionItem, len(tasks))
	for i, t := range tasks {
		items[i] = api.DescriptionItem{
			ID: t.file.id, Description: t.item.Description, Source: t.item.Source,
			OnlyIfEmpty: u.IfExists != Replace, // somebody else may describe it at the same moment
		}
	}
	results, err := u.svc.Describe(u.ctx, items)
	for i, t := range tasks {
		switch {
		case err != nil:
			u.finish(t, photo.OutcomeFailed, err)
		case results[i].Problem != nil:
			u.finish(t, photo.OutcomeFailed, client.ProblemError(results[i].Problem))
		case results[i].Changed:
			u.finish(t, photo.OutcomeDescribed, nil)
		default:
			t.rec.DescriptionKept = results[i].Photo != nil && results[i].Photo.Description != t.item.Description
			u.finish(t, photo.OutcomeExists, nil)
		}
	}
}
