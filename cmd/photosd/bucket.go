package main

import (
	"context"
	"os"
	"path/filepath"

	"photos/internal/blob"
	"photos/internal/blob/disk"
	"photos/internal/blob/s3"
	"photos/internal/httpkit"
	"photos/internal/store/sqldb"
)

// bucket says where photos are when they are not in the data folder. Region, endpoint and
// credentials come from AWS's own variables and files.
type bucket struct {
	bucket    string // "": photos are in the data folder
	pathStyle bool
	checksums bool
	redirect  bool
}

func (b *bucket) declare(f *flags) {
	f.StringVar(&b.bucket, "bucket", "", "`NAME` of an S3 bucket for photos; AWS_REGION, AWS_ENDPOINT_URL and the usual AWS credentials say how it is reached (default: photos are in --data)")
	f.BoolVar(&b.pathStyle, "bucket-path-style", false, "put the name of the bucket into the path of addresses (default: true if there is an AWS_ENDPOINT_URL)")
	f.BoolVar(&b.checksums, "bucket-checksums", true, "send checksums that the bucket's store compares and keeps; false for a store that refuses them")
	f.BoolVar(&b.redirect, "bucket-redirect", false, "let clients download from the bucket, at addresses that are valid for 15 minutes, instead of through photosd")
	f.describe("bucket-redirect", "PHOTOS_BUCKET_REDIRECT", "true or false")
	f.describe("bucket", "PHOTOS_BUCKET", "the name of a bucket")
	f.describe("bucket-path-style", "PHOTOS_BUCKET_PATH_STYLE", "true or false")
	f.describe("bucket-checksums", "PHOTOS_BUCKET_CHECKSUMS", "true or false")
}

func (b *bucket) complete(f *flags, getenv func(string) string) error {
	if b.bucket == "" {
		for _, name := range []string{"bucket-path-style", "bucket-checksums", "bucket-redirect"} {
			if f.given(name) {
				return badSetting("%s is given, but no bucket: --bucket is missing", f.source(name))
			}
		}
		return nil
	}
	if !f.given("bucket-path-style") {
		b.pathStyle = getenv("AWS_ENDPOINT_URL") != "" || getenv("AWS_ENDPOINT_URL_S3") != ""
	}
	return nil
}

// blobs is where photos are.
type blobs interface {
	blob.Store
	blob.Staging
}

// openFolder opens the data folder for photos. It returns nil if they are in a bucket.
func (d *daemon) openFolder(s *settings) error {
	if s.bucket.bucket != "" {
		return nil
	}
	folder, err := disk.Open(s.data)
	if err != nil {
		return err
	}
	d.close = append(d.close, folder.Close)
	d.blobs, d.free = folder, folder.Free
	return nil
}

// openBucket opens the bucket, if there is one.
func (d *daemon) openBucket(ctx context.Context, s *settings, db *sqldb.DB, talk *talk) error {
	if s.bucket.bucket == "" {
		return nil
	}
	spool := filepath.Join(s.data, "spool")
	if err := os.MkdirAll(spool, 0o700); err != nil {
		return err
	}
	b, err := s3.Open(ctx, s3.Config{
		Bucket: s.bucket.bucket, Setting: s.given.source("bucket"), PathStyle: s.pathStyle, Checksums: s.checksums, Rows: db, Spool: spool,
	})
	if err != nil {
		return err
	}
	if b.KeepsAbandoned(ctx) {
		talk.say("warning: the bucket %s has no lifecycle rule that removes unfinished multipart uploads; photosd does it, as long as it runs", s.bucket.bucket)
	}
	d.blobs = b
	if !s.redirect {
		return nil
	}
	d.link = b.Link
	origin, err := b.Origin(ctx)
	if err != nil {
		return err
	}
	d.media = httpkit.Source(origin)
	return nil
}
