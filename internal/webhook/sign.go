package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// The headers of what is sent.
const (
	HeaderSignature = "Spotter-Signature" // t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256>
	HeaderEvent     = "Spotter-Event"
	HeaderDelivery  = "Spotter-Delivery" // the same when it is sent again
)

// secretPrefix lets people and secret scanners see what a string is.
const secretPrefix = "whsec_"

// secretShown is how much of a secret is shown later, to tell two apart.
const secretShown = len(secretPrefix) + 4

func newSecret() string { return secretPrefix + rand.Text() }

// Sign returns the value of HeaderSignature: the HMAC-SHA256, keyed with the whole
// secret, of the time in seconds, a dot and the body as it is sent. The time is
// under the signature so that what was overheard can't be sent again later.
func Sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s", seconds, body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
