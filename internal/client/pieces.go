package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"photos/internal/photo"
)

// tooLongError is the refusal of a request whose body is too long for a proxy in front of the
// service.
type tooLongError struct{ error }

func (b tooLongError) Unwrap() error { return b.error }

func isTooLong(err error) bool {
	var b tooLongError
	return errors.As(err, &b)
}

// refusedBody returns the error of a 413 that the service did not write itself.
func (c *Client) refusedBody(res *http.Response) error {
	return tooLongError{&photo.Error{
		Kind: photo.KindTooLarge,
		Msg:  fmt.Sprintf("a proxy in front of %s refuses a request of %d bytes (413)", c.base.Host, max(0, res.Request.ContentLength)),
		Hint: "whoever runs the proxy has to raise its limit; in nginx: client_max_body_size 0",
	}}
}

// smallerPiece returns the next size to try after a body of n bytes was refused, or 0
// when there is none. Each size is below a limit that proxies are often set to: 100 MB,
// 10 MB, 1 MiB (nginx as it is installed), and what is left of 512 and 128 KiB.
func smallerPiece(n int64) int64 {
	for _, size := range [...]int64{64 << 20, 8 << 20, 1<<20 - 4<<10, 256 << 10, 64 << 10} {
		if size < n {
			return size
		}
	}
	return 0
}

// shrinkPiece makes the pieces of all uploads smaller after a body of n bytes was refused. It
// returns false when pieces cannot become smaller.
func (c *Client) shrinkPiece(n int64) bool {
	next := smallerPiece(n)
	if next == 0 {
		return false
	}
	for {
		now := c.piece.Load()
		if now != 0 && now < n { // another upload was refused meanwhile
			return true
		}
		if c.piece.CompareAndSwap(now, next) {
			return true
		}
	}
}

// pieceOf returns how many of n bytes one request may carry.
func (c *Client) pieceOf(n int64) int64 {
	if piece := c.piece.Load(); piece > 0 {
		return min(n, piece)
	}
	return n
}

// pieceAccepted calls Options.Learned with the size of the pieces once a piece of n bytes was
// accepted. A size that was only refused says nothing about the proxy.
func (c *Client) pieceAccepted(n int64) {
	piece := c.piece.Load()
	if n == 0 || piece == 0 || n > piece || c.learned == nil {
		return
	}
	if before := c.reportedPiece.Swap(piece); before != piece {
		c.learned(piece)
	}
}

// inHalves asks about all items with one request. If that is too long for a proxy, it asks
// about each half.
func inHalves[T, R any](ctx context.Context, items []T, ask func(context.Context, []T) ([]R, error)) ([]R, error) {
	out, err := ask(ctx, items)
	if !isTooLong(err) || len(items) < 2 {
		return out, err
	}
	half := len(items) / 2
	first, err := inHalves(ctx, items[:half], ask)
	if err != nil {
		return nil, err
	}
	second, err := inHalves(ctx, items[half:], ask)
	if err != nil {
		return nil, err
	}
	return append(first, second...), nil
}
