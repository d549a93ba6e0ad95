package transfer

import (
	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
)

// present finishes photos that the service has already, by the rule of the run.
func (r *run) present(jobs []*job) {
	var describe []*job
	for _, j := range jobs {
		switch want, has := j.item.Description, j.status.Description; {
		case r.IfExists == Fail && !j.back:
			r.finish(j, photo.OutcomeFailed, &photo.Error{Kind: photo.KindConflict, Msg: "already on the service", Hint: "--if-exists says what to do with such photos"})
		case want == "" || want == has:
			r.finish(j, photo.OutcomeExists, nil)
		case r.IfExists == Replace, r.IfExists == Fill && has == "":
			describe = append(describe, j)
		default:
			j.rec.DescriptionKept = has != ""
			r.finish(j, photo.OutcomeExists, nil)
		}
	}
	for len(describe) > 0 {
		n := min(len(describe), photo.MaxDescribe)
		r.describe(describe[:n])
		describe = describe[n:]
	}
}

// describe sets the descriptions of photos that are there, in one request.
func (r *run) describe(jobs []*job) {
	if r.DryRun {
		for _, j := range jobs {
			r.finish(j, photo.OutcomeDescribed, nil)
		}
		return
	}
	items := make([]api.DescriptionItem, len(jobs))
	for i, j := range jobs {
		items[i] = api.DescriptionItem{
			ID: j.file.id, Description: j.item.Description, Source: j.item.Source,
			OnlyIfEmpty: r.IfExists != Replace, // someone else may describe it at the same moment
		}
	}
	results, err := r.svc.Describe(r.ctx, items)
	for i, j := range jobs {
		switch {
		case err != nil:
			r.finish(j, photo.OutcomeFailed, err)
		case results[i].Problem != nil:
			r.finish(j, photo.OutcomeFailed, client.ProblemError(results[i].Problem))
		case results[i].Changed:
			r.finish(j, photo.OutcomeDescribed, nil)
		default:
			j.rec.DescriptionKept = results[i].Photo != nil && results[i].Photo.Description != j.item.Description
			r.finish(j, photo.OutcomeExists, nil)
		}
	}
}
