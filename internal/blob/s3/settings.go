package s3

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"photos/internal/photo"
)

// credentialTime is how long credentials are looked for. Where nothing is set, AWS's library
// asks the metadata service of a virtual machine, which is not everywhere.
const credentialTime = 15 * time.Second

// findCredentials fails if there are no credentials, before a request does.
func findCredentials(ctx context.Context, c aws.Config) error {
	ctx, cancel := context.WithTimeout(ctx, credentialTime)
	defer cancel()
	if c.Credentials == nil {
		return noCredentials()
	}
	if _, err := c.Credentials.Retrieve(ctx); err != nil {
		return noCredentials()
	}
	return nil
}

func noCredentials() error {
	return wrong("AWS_ACCESS_KEY_ID: there are no credentials for the bucket", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role")
}

func noRegion() error {
	return wrong("AWS_REGION: the region of the bucket is missing", "set it to the region in which the bucket was made; stores other than Amazon's mostly take us-east-1")
}

func wrong(msg, hint string) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: msg, Hint: hint}
}

// configError says which of AWS's settings cannot be read.
func configError(err error) error {
	var profile config.SharedConfigProfileNotExistError
	var file config.SharedConfigLoadError
	var missing *fs.PathError
	switch {
	case errors.As(err, &profile):
		return wrong("AWS_PROFILE: there is no profile "+profile.Profile, "check AWS_PROFILE, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE")
	case errors.As(err, &file):
		return wrong("AWS_CONFIG_FILE: "+file.Filename+" cannot be read", "check AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE")
	case errors.As(err, &missing) && missing.Path == os.Getenv("AWS_CA_BUNDLE"), strings.Contains(err.Error(), "CA bundle"): // AWS's library has no type for the latter
		return wrong("AWS_CA_BUNDLE: the file cannot be read or has no certificate", "name a file with certificates in PEM form")
	}
	return wrong("the settings of AWS cannot be used: "+err.Error(), "check the variables AWS_*")
}

// settingError says which setting is to blame for an error of probe.
func (s *Store) settingError(err error) error {
	step, _, _ := strings.Cut(err.Error(), ":")
	bucket := s.Setting + ": the bucket " + s.Bucket + " "
	switch codeOf(err) {
	case "NoSuchBucket", "NotFound":
		return wrong(bucket+"does not exist", "create it, or name another one")
	case "InvalidBucketName":
		return wrong(s.Setting+": "+s.Bucket+" is not a valid name of a bucket", "a name has 3 to 63 lower-case letters, digits, dots and dashes")
	case "AccessDenied", "AllAccessDisabled", "MethodNotAllowed":
		return wrong(bucket+"does not let these credentials "+step, "they need s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload")
	case "InvalidAccessKeyId", "XAdminUserNotFound":
		return wrong("AWS_ACCESS_KEY_ID: the access key is not known to "+s.endpoint(), "check AWS_ACCESS_KEY_ID, or the profile in AWS_PROFILE")
	case "SignatureDoesNotMatch":
		return wrong("AWS_SECRET_ACCESS_KEY: the secret does not belong to the access key", "check AWS_SECRET_ACCESS_KEY, or the profile in AWS_PROFILE")
	case "ExpiredToken", "InvalidToken", "ExpiredTokenException":
		return wrong("AWS_SESSION_TOKEN: the token has expired or is not valid", "get new credentials")
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "InvalidRegion":
		return s.wrongRegion()
	case "RequestTimeTooSkewed":
		return s.wrongClock(0)
	}
	if statusOf(err) == http.StatusMovedPermanently {
		return s.wrongRegion()
	}
	return s.networkError(err)
}

// maxSkew is how much the clocks may differ. S3 refuses requests that differ by more. AWS's library
// then corrects the time of requests, but tokens of users would be refused all the same.
const maxSkew = 15 * time.Minute

// wrongClock says that the store's clock is ahead by skew, or by an unknown time if skew is 0.
func (s *Store) wrongClock(skew time.Duration) error {
	msg := "the clock of this machine differs too much from that of "
	switch skew = skew.Round(time.Second); {
	case skew > 0:
		msg = "the clock of this machine is " + skew.String() + " behind that of "
	case skew < 0:
		msg = "the clock of this machine is " + (-skew).String() + " ahead of that of "
	}
	return &photo.Error{Kind: photo.KindUnavailable, Msg: msg + s.endpoint(), Hint: "set the clock, for example with NTP"}
}

func (s *Store) wrongRegion() error {
	return wrong("AWS_REGION: "+s.client.Options().Region+" is not the region of the bucket "+s.Bucket, "set it to the region in which the bucket was made")
}

// networkError says why the store does not answer.
func (s *Store) networkError(err error) error {
	const setting = "AWS_ENDPOINT_URL: "
	var unknownCA x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	var noHost *net.DNSError
	switch {
	case errors.As(err, &unknownCA):
		return wrong("AWS_CA_BUNDLE: the certificate of "+s.endpoint()+" is from an authority that is not trusted", "name a file with the authority's certificate in PEM form")
	case errors.As(err, &wrongName):
		return wrong(setting+"the certificate is not for "+wrongName.Host, "use the name that it is for; most stores other than Amazon's need --bucket-path-style")
	case errors.As(err, &invalid):
		return wrong(setting+"the certificate of "+s.endpoint()+" is not valid: "+invalid.Error(), "renew it")
	case errors.As(err, &noHost):
		return wrong(setting+"there is no host "+noHost.Name, "check the address; most stores other than Amazon's need --bucket-path-style")
	}
	reason := "it does not answer as a store does"
	if errors.Is(err, syscall.ECONNREFUSED) {
		reason = "nothing listens there"
	} else if code := codeOf(err); code != "" {
		reason = "it answers " + code
	}
	return &photo.Error{Kind: photo.KindUnavailable, Msg: setting + s.endpoint() + ": " + reason, Hint: "check the address, and that the store runs"}
}

// endpoint returns the address of the store, as messages name it.
func (s *Store) endpoint() string {
	o := s.client.Options()
	if u, err := url.Parse(aws.ToString(o.BaseEndpoint)); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host
	}
	return "https://s3." + o.Region + ".amazonaws.com"
}

// KeepsAbandoned reports whether the bucket is known to have no rule that ends multipart
// uploads which nobody finishes. Some stores have no rules, and some credentials may not
// read them; then it is not known.
func (s *Store) KeepsAbandoned(ctx context.Context) bool {
	out, err := s.client.GetBucketLifecycleConfiguration(ctx, &awss3.GetBucketLifecycleConfigurationInput{Bucket: &s.Bucket})
	if err != nil {
		return codeOf(err) == "NoSuchLifecycleConfiguration"
	}
	for _, rule := range out.Rules {
		if rule.Status == types.ExpirationStatusEnabled && rule.AbortIncompleteMultipartUpload != nil && isForAll(rule) {
			return false
		}
	}
	return true
}

// isForAll reports whether a rule is for every object.
func isForAll(rule types.LifecycleRule) bool {
	if f := rule.Filter; f != nil && (aws.ToString(f.Prefix) != "" || f.Tag != nil || f.And != nil) {
		return false
	}
	return aws.ToString(rule.Prefix) == "" //nolint:staticcheck // older rules have it
}
