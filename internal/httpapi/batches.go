package httpapi

import (
	"context"
	"net/http"

	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
)

// batches limits requests that change many photos, because their bodies and answers are large. A
// client that sends its body or takes its answer slowly has a place for as long as that takes.
// It keeps nobody from work meanwhile.
type batches struct {
	body   bodyReader
	places *service.Limiter // from the body to the answer, which take up to some 20 MiB
	work   *service.Limiter // while the body is decoded, and the photos are changed
}

func newBatches(body bodyReader) batches {
	const places, work, share = 32, 4, 2
	return batches{body, service.NewLimiter("requests for many photos", places, share), service.NewLimiter("requests for many photos", work, share)}
}

// answer reads a body with up to photo.MaxDescribe items, which have up to itemBytes bytes each, and
// sends what do returns for it.
func (b batches) answer(w http.ResponseWriter, r *http.Request, by service.Caller, itemBytes int, do func(body []byte) ([]byte, error)) error {
	leave, err := b.places.Acquire(by.Owner)
	if err != nil {
		return err
	}
	defer leave()
	body, err := b.body.bytes(w, r, photo.MaxDescribe, itemBytes)
	if err != nil {
		return err
	}
	answer, err := b.change(r.Context(), by, body, do)
	if err != nil {
		return err
	}
	httpkit.SendJSON(w, answer)
	return nil
}

// change calls do while few others do the same.
func (b batches) change(ctx context.Context, by service.Caller, body []byte, do func(body []byte) ([]byte, error)) ([]byte, error) {
	release, err := b.work.Wait(ctx, by.Owner)
	if err != nil {
		return nil, err
	}
	defer release()
	return do(body)
}
